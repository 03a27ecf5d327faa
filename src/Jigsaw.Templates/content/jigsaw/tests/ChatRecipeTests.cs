using System.Globalization;
using System.Runtime.CompilerServices;

namespace JigsawApp.Tests;

public class ChatRecipeTests
{
    [Fact]
    public void The_plan_and_the_numbers_are_what_was_reviewed()
    {
        var numbers = ChatRecipe.Defaults.ToDictionary().Select(number => string.Create(CultureInfo.InvariantCulture, $"{number.Key}: {number.Value ?? "none"}\n"));
        Verify("ChatRecipe", ChatRecipe.Plan + "\n" + string.Concat(numbers));
    }

    /// <summary>Compares with a file of this folder; what differs is written beside it, to be renamed where it is what was meant.</summary>
    private static void Verify(string name, string received, [CallerFilePath] string file = "")
    {
        var stem = Path.Combine(Path.GetDirectoryName(file)!, name);
        var verified = File.Exists(stem + ".verified.txt") ? File.ReadAllText(stem + ".verified.txt").ReplaceLineEndings("\n") : "";
        File.Delete(stem + ".received.txt");
        if (verified != received)
        {
            File.WriteAllText(stem + ".received.txt", received);
            Assert.Fail($"{name} differs from what was reviewed. If that is intended, rename {name}.received.txt to {name}.verified.txt.");
        }
    }
}
