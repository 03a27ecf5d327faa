using System.Text.RegularExpressions;

namespace Jigsaw.Docs.Tests;

/// <summary>What no file of the repository may hold: things of one machine, and work left for later.</summary>
public sealed partial class TrackedFileTests
{
    private const int LargestText = 4 << 20;

    // Written in pieces, so this file passes its own test.
    private static readonly string[] _unfinished = ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "NotImplemented" + "Exception"];

    // What a server listens to on whatever machine runs it.
    private static readonly string[] _everywhere = ["127.0.0.1", "0.0.0.0"];

    [Fact]
    public void No_file_names_a_place_on_one_machine()
    {
        Assert.Empty(Texts().SelectMany(text => MachinePath().Matches(text.Text).Select(match => $"{text.File}: {match.Value}")));
    }

    [Fact]
    public void No_file_names_a_private_package_registry()
    {
        // A vocabulary or a recorded text may hold the beginning of any address.
        Assert.Empty(Texts().Where(text => !text.File.EndsWith(".json", StringComparison.Ordinal) && !text.File.EndsWith(".jsonl", StringComparison.Ordinal)).SelectMany(text => Url().Matches(text.Text)
            .Where(match => !_everywhere.Contains(match.Groups["host"].Value))
            .Where(match => IsPrivate(match.Groups["host"].Value) || (match.Value.Contains("/v3/index.json", StringComparison.Ordinal) && match.Groups["host"].Value != "api.nuget.org"))
            .Select(match => $"{text.File}: {match.Value}")));
        Assert.DoesNotContain(Repository.Files, file => Path.GetFileName(file).Equals("nuget.config", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void No_source_is_left_unfinished()
    {
        Assert.Empty(Texts().Where(text => text.File.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(text => _unfinished.Where(word => Regex.IsMatch(text.Text, $@"\b{word}\b")).Select(word => $"{text.File}: {word}")));
    }

    [Theory]
    [InlineData("10.0.0.7")]
    [InlineData("localhost")]
    [InlineData("packages.internal")]
    [InlineData("registry")]
    public void A_host_that_only_some_can_reach_is_private(string host) => Assert.True(IsPrivate(host));

    [Theory]
    [InlineData("www.nuget.org")]
    [InlineData("arxiv.org")]
    public void A_host_that_all_can_reach_is_not(string host) => Assert.False(IsPrivate(host));

    private static bool IsPrivate(string host) =>
        !host.Contains('.', StringComparison.Ordinal) || Uri.CheckHostName(host) is UriHostNameType.IPv4 || PrivateSuffix().IsMatch(host);

    private static IEnumerable<(string File, string Text)> Texts() =>
        from file in Repository.Files
        where new FileInfo(Path.Combine(Repository.Root, file)).Length <= LargestText
        let text = Repository.Read(file)
        where !text.Contains('\0', StringComparison.Ordinal)
        select (file, text);

    [GeneratedRegex("(?<![\\w./-])/(?:wo" + "rk|ro" + "ot|tmp/pl" + "an|__w)/[\\w.-]*|(?<![\\w])[A-Z]:\\\\Users\\\\")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"https?://(?:[^/\s@]+@)?(?<host>[A-Za-z0-9.-]+)(?::\d+)?(?:/[^\s""'<>)]*)?")]
    private static partial Regex Url();

    [GeneratedRegex(@"\.(?:local|lan|corp|internal|intranet|svc|localhost)$")]
    private static partial Regex PrivateSuffix();
}
