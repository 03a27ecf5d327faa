using System.Globalization;
using Jigsaw.Generators.Rules;
using Jigsaw.Generators.Tests.Compiling;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit.Abstractions;

namespace Jigsaw.Generators.Tests.Properties;

/// <summary>
/// Whatever is written in a recipe, no diagnostic of C# is reported in generated code. The environment variable <c>JIGSAW_RANDOM_RECIPES</c> sets how
/// many recipes are tried, <c>JIGSAW_RANDOM_SEED</c> with which seed.
/// </summary>
public class LastLineOfDefenseTests(ITestOutputHelper output)
{
    private const int RecipesInOne = 25;

    private static readonly LanguageVersion[] _versions =
        [LanguageVersion.CSharp14, LanguageVersion.CSharp9, LanguageVersion.CSharp13, LanguageVersion.CSharp10, LanguageVersion.Preview, LanguageVersion.CSharp8, LanguageVersion.CSharp11, LanguageVersion.CSharp12, LanguageVersion.CSharp7_3];

    [Fact]
    public void No_recipe_gives_an_error_of_CSharp_in_generated_code()
    {
        var count = Setting("JIGSAW_RANDOM_RECIPES", 200);
        var seed = Setting("JIGSAW_RANDOM_SEED", 1);
        var (written, throwing) = (0, 0);
        var failures = new Dictionary<string, string>();
        for (var first = 0; first < count; first += RecipesInOne)
        {
            var random = new Random(seed + first);
            var recipes = Enumerable.Range(first, RecipesInOne).Select(index => new RandomRecipe(random).Write(index)).ToList();
            var parse = new CSharpParseOptions(_versions[first / RecipesInOne % _versions.Length], (DocumentationMode)random.Next(3), preprocessorSymbols: random.Next(2) == 0 ? ["EXTRA"] : []);
            var nullable = random.Next(2) == 0 ? NullableContextOptions.Enable : NullableContextOptions.Disable;
            var compiled = Compiled.Of(Compiled.Compile(recipes.SelectMany(parts => parts), parse, nullable));

            var thrown = compiled.Run.Results[0].Exception;
            Assert.True(thrown is null, thrown?.ToString());
            Assert.DoesNotContain(compiled.Diagnostics, diagnostic => diagnostic.Id is "AD0001" or "CS8785" or "CS8784");
            var inGenerated = compiled.Diagnostics.Where(diagnostic => diagnostic.Location.SourceTree is { } tree && compiled.Run.GeneratedTrees.Contains(tree)).ToList();
            if (inGenerated.Count > 0)
            {
                var tree = inGenerated[0].Location.SourceTree!;
                var name = tree.FilePath;
                var index = recipes.FindIndex(parts => name.Contains(parts[0].Split("namespace ")[1].Split('\n')[0].Replace("@", "", StringComparison.Ordinal) + ".", StringComparison.Ordinal));
                failures.TryAdd(inGenerated[0].Id, $"C# {parse.LanguageVersion}, nullable {nullable}\n{string.Join('\n', inGenerated)}\n{(index < 0 ? "" : string.Join("\n// next part\n", recipes[index]))}\n{tree}");
            }

            written += compiled.Files.Length;
            throwing += compiled.Files.Count(file => file.SourceText.ToString().Contains("was built with errors", StringComparison.Ordinal));
            foreach (var file in compiled.Files.Where(file => file.SourceText.ToString().Contains("was built with errors: JIG", StringComparison.Ordinal)))
            {
                var id = file.SourceText.ToString().Split("was built with errors: ")[1][..7];
                Assert.Contains(compiled.Diagnostics, diagnostic => diagnostic.Id == id && Descriptors.IsError(id));
            }
        }

        Assert.True(failures.Count == 0, string.Join("\n\n", failures.Values));
        output.WriteLine($"{count} recipes: {written} files, {throwing} of them with bodies that throw.");
        Assert.InRange(throwing, written / 20, written * 19 / 20);
        Assert.True(written > count / 3, $"Only {written} of {count} recipes gave a file.");
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
