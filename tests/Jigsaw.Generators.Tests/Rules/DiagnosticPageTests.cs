using System.Text.RegularExpressions;
using Jigsaw.Generators.Rules;
using Jigsaw.Generators.Tests.Compiling;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Jigsaw.Generators.Tests.Rules;

public partial class DiagnosticPageTests
{
    public static TheoryData<string> Ids { get; } = [.. Descriptors.ById.Keys.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Wrong_code_of_a_page_gives_its_diagnostic_where_it_is_marked_and_no_other(string id)
    {
        var wrong = Blocks(id)[0];
        var lines = wrong.Split('\n').ToList();
        var marker = lines.FindIndex(line => Marker().IsMatch(line));
        var mark = Marker().Match(lines[marker]).Groups["mark"];
        // The slashes of a marker cover the first two columns, and with them what begins right behind a bracket.
        var start = mark.Index == 2 ? 1 : mark.Index;

        var compiled = Compile(id, wrong);

        var diagnostic = Assert.Single(compiled.Diagnostics.Where(diagnostic => Compiled.IsJigsaw(diagnostic) || diagnostic.Severity == DiagnosticSeverity.Error));
        Assert.Equal(id, diagnostic.Id);
        var span = diagnostic.Location.GetLineSpan();
        Assert.Equal((marker - 1, start, marker - 1, mark.Index + mark.Length), (span.StartLinePosition.Line, span.StartLinePosition.Character, span.EndLinePosition.Line, span.EndLinePosition.Character));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Right_code_of_a_page_gives_no_diagnostic(string id)
    {
        Assert.Empty(Compiled.Of(Blocks(id)[1]).Diagnostics.Where(diagnostic => diagnostic.Severity != DiagnosticSeverity.Hidden));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_diagnostic_has_a_page_a_release_row_and_a_help_link(string id)
    {
        var descriptor = Descriptors.ById[id];
        var page = File.ReadAllText(Page(id));
        var rows = File.ReadAllLines(Repository.PathOf("src", "Jigsaw.Generators", "AnalyzerReleases.Unshipped.md")).Concat(File.ReadAllLines(Repository.PathOf("src", "Jigsaw.Generators", "AnalyzerReleases.Shipped.md")));

        Assert.StartsWith($"# {id}: {descriptor.Title}\n", page.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Single(rows, row => row.StartsWith($"{id} | Jigsaw | {descriptor.DefaultSeverity} |", StringComparison.Ordinal));
        Assert.EndsWith($"/docs/diagnostics/{id}.md", descriptor.HelpLinkUri, StringComparison.Ordinal);
        Assert.Contains($"[{id}]({id}.md)", File.ReadAllText(Page("README")), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_page_is_of_a_diagnostic()
    {
        var pages = Directory.EnumerateFiles(Repository.PathOf("docs", "diagnostics"), "JIG*.md").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal);

        Assert.Equal(Descriptors.ById.Keys.Order(StringComparer.Ordinal), pages);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void An_error_cannot_be_configured_away(string id)
    {
        var descriptor = Descriptors.ById[id];

        Assert.Equal(descriptor.DefaultSeverity == DiagnosticSeverity.Error, descriptor.CustomTags.Contains(WellKnownDiagnosticTags.NotConfigurable));
    }

    private static Compiled Compile(string id, string source) => id switch
    {
        "JIG0007" => Compiled.Of(Compiled.Compile([source], Compiled.Parsing.WithLanguageVersion(LanguageVersion.CSharp8))),
        "JIG0008" => Compiled.Of(Compiled.CompileWithoutRuntime(source)),
        _ => Compiled.Of(source),
    };

    internal static string[] Blocks(string id) =>
        [.. Fence().Matches(File.ReadAllText(Page(id)).ReplaceLineEndings("\n")).Select(match => match.Groups["code"].Value)];

    private static string Page(string id) => Repository.PathOf("docs", "diagnostics", id + ".md");

    [GeneratedRegex("^//(?<space> *)(?<mark>~+)$")]
    private static partial Regex Marker();

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
