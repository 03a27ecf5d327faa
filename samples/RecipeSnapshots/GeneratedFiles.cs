using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;

namespace RecipeSnapshots;

/// <summary>Compares what was generated for this project's recipes with the verified files beside the test.</summary>
internal static partial class GeneratedFiles
{
    private static readonly string _folder = typeof(GeneratedFiles).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "GeneratedFiles").Value!;

    /// <summary>Verifies the file of one recipe.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="file">The test's file, next to the verified one.</param>
    /// <param name="method">The test's method.</param>
    public static void Verify(Type recipe, [CallerFilePath] string file = "", [CallerMemberName] string method = "")
    {
        var generated = Path.Combine(_folder, "Jigsaw.Generators", "Jigsaw.Generators.RecipeGenerator", recipe.FullName + ".g.cs");
        var received = $"//HintName: {Path.GetFileName(generated)}\n{Version().Replace(File.ReadAllText(generated).ReplaceLineEndings("\n"), "{version}")}";
        var stem = Path.Combine(Path.GetDirectoryName(file)!, $"{Path.GetFileNameWithoutExtension(file)}.{method}#{recipe.FullName}.g");
        var verified = File.Exists(stem + ".verified.cs") ? File.ReadAllText(stem + ".verified.cs").ReplaceLineEndings("\n") : "";
        File.Delete(stem + ".received.cs");
        if (verified != received)
        {
            File.WriteAllText(stem + ".received.cs", received);
            Assert.Fail($"{recipe.Name} generates something other than what was verified. If that is intended, rename the received file.\n{Difference(verified, received)}");
        }
    }

    private static string Difference(string verified, string received)
    {
        var text = new StringBuilder();
        foreach (var line in InlineDiffBuilder.Diff(verified, received).Lines.Where(line => line.Type != ChangeType.Unchanged))
        {
            text.Append(line.Type == ChangeType.Inserted ? "+ " : "- ").Append(line.Text).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The version of Jigsaw, which is not part of a snapshot.</summary>
    [GeneratedRegex("(?<=by Jigsaw |\\(\"Jigsaw\", \")[0-9][^;\"]*")]
    private static partial Regex Version();
}
