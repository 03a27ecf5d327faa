using System.Text.RegularExpressions;

namespace Jigsaw.Architecture.Tests;

public sealed partial class SourceTests
{
    private const int MostLines = 400;

    [Fact]
    public void No_file_is_too_long_to_read()
    {
        var long_ = Repository.Sources("src", "samples", "benchmarks").Select(file => (file.Path, Lines: file.Text.Count(c => c == '\n'))).Where(file => file.Lines > MostLines)
            .Select(file => $"{file.Path} has {file.Lines} lines, {MostLines} at most: which of its jobs belongs in a separate file?");
        Assert.Empty(long_);
    }

    [Fact]
    public void The_loop_over_the_vocabulary_is_a_loop() =>
        Assert.InRange(File.ReadAllLines(Repository.PathOf("src", "Jigsaw.Runtime", "Losses", "Logits", "VocabularyLoop.cs")).Length, 1, 200);

    [Fact]
    public void Namespaces_follow_folders()
    {
        var others = Repository.Sources("src").Where(file => file.Path.Split('/').Length > 3 || !file.Path.Contains("Jigsaw.Dsl", StringComparison.Ordinal)).Where(file => file.Text.Contains("namespace ", StringComparison.Ordinal))
            .Select(file => (file.Path, Actual: Namespace().Match(file.Text).Groups[1].Value, Expected: Expected(file.Path)))
            .Where(file => file.Expected is not null && !file.Expected.Contains(file.Actual))
            .Select(file => $"{file.Path} is in {file.Actual}, not {string.Join(" or ", file.Expected!)}");
        Assert.Empty(others);
    }

    [Fact]
    public void A_file_has_the_name_of_its_public_type()
    {
        var others = Repository.Sources("src").SelectMany(file => PublicType().Matches(file.Text).Select(match => (file.Path, Type: match.Groups[1].Value)))
            .Where(found => !Path.GetFileNameWithoutExtension(found.Path).Split('.').Contains(found.Type) && !Path.GetFileNameWithoutExtension(found.Path).EndsWith("Term", StringComparison.Ordinal))
            .Select(found => $"{found.Path} has the public type {found.Type}");
        Assert.Empty(others);
    }

    [Fact]
    public void What_uses_torch_loads_its_native_library_the_repositorys_way()
    {
        var users = Repository.Sources("samples", "tests", "benchmarks").Where(file => TorchUse().IsMatch(file.Text)).Select(file => string.Join('/', file.Path.Split('/').Take(2))).Distinct();
        var without = users.Where(folder => !Directory.EnumerateFiles(Repository.PathOf(folder), "*.csproj").All(project => File.ReadAllText(project).Contains("build/TorchBackend.props", StringComparison.Ordinal)))
            .Select(folder => $"{folder} uses torch.* itself: import build/TorchBackend.props, or its first use fails where nothing has loaded the library before");
        Assert.Empty(without);
    }

    /// <summary>All that a recipe file names is in <c>Jigsaw</c>, and what generated code alone calls in <c>Jigsaw.CompilerServices</c>, whatever folder it is in.</summary>
    private static string[]? Expected(string path)
    {
        var folders = Path.GetDirectoryName(path)!.Replace('\\', '/').Split('/');
        return folders switch
        {
            ["src", "Jigsaw.Dsl", "CompilerServices", ..] => ["Jigsaw.CompilerServices"],
            ["src", "Jigsaw.Dsl", ..] => ["Jigsaw", "Jigsaw.CompilerServices"],
            ["src", "Jigsaw.Runtime", "Passes", "TermInputs"] => ["Jigsaw"],
            ["src", "Jigsaw.Runtime" or "Jigsaw.Prompts", .. var rest] => ["Jigsaw." + string.Join('.', rest), "Jigsaw.CompilerServices"],
            ["src", "Jigsaw.Templates", ..] => null,
            ["src", var project, .. var rest] => [string.Join('.', rest.Prepend(project))],
            _ => null,
        };
    }

    // Values of torch, not its types alone: what a compiled snapshot or a text in a test names, runs nothing.
    [GeneratedRegex(@"^using TorchSharp;[\s\S]*\btorch\.[a-zA-Z]", RegexOptions.Multiline)]
    private static partial Regex TorchUse();

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^public (?:(?:static|sealed|abstract|readonly|partial|unsafe) )*(?:class|record struct|record|struct|interface|enum) (\w+)", RegexOptions.Multiline)]
    private static partial Regex PublicType();
}
