using System.Text.RegularExpressions;

namespace Jigsaw.Docs.Tests;

public sealed partial class TestCommandTests
{
    [Fact]
    public void CI_runs_the_test_command_that_the_pages_state()
    {
        var run = Assert.Single(Commands(Repository.Read(".ci/run")));

        Assert.All(
            Repository.Pages.Where(page => page is "README.md" or "CONTRIBUTING.md").Select(page => (Page: page, Commands: Commands(Repository.Read(page)))),
            told => Assert.True(told.Commands.Contains(run), $"{told.Page} does not tell '{run}', which .ci/run runs, but {string.Join(", ", told.Commands)}."));
    }

    private static string[] Commands(string text) => [.. Command().Matches(text).Select(match => match.Groups["command"].Value)];

    [GeneratedRegex(@"^(?<command>dotnet test [^#|\r\n]*?)(?= 2>| *(?:[#|]|\r?$))", RegexOptions.Multiline)]
    private static partial Regex Command();
}
