namespace Jigsaw.Samples.Tests;

public sealed class ServingTests
{
    [Fact]
    public async Task It_asks_three_questions_and_shows_what_each_side_saw()
    {
        var (code, output, error) = await SampleProcess.RunAsync("Serving");
        Assert.True(code == 0, output + error);
        var seen = Lines(output, "the server saw");
        Assert.Equal(3, seen.Length);
        Assert.All(seen, line => Assert.Contains("<|im_start|>user", line, StringComparison.Ordinal));
        Assert.All(((string[])["Garrett", "Marshall", "76724"]).Zip(seen), pair => Assert.DoesNotContain(pair.First, pair.Second, StringComparison.Ordinal));
        Assert.Equal(3, Lines(output, "its base would say").Length);
        var replies = Lines(output, "the user got");
        Assert.Equal(3, replies.Length);
        Assert.All(replies, Assert.NotEmpty);
    }

    [Theory]
    [InlineData(2, "Use --run DIR", "--model", "x")]
    [InlineData(1, "nowhere", "--run", "nowhere")]
    public async Task A_wrong_argument_gets_a_sentence(int expected, string said, params string[] arguments)
    {
        var (code, output, error) = await SampleProcess.RunAsync("Serving", arguments);
        Assert.True(code == expected, output + error);
        Assert.Contains(said, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private static string[] Lines(string output, string begin) => [.. output.Split('\n').Where(line => line.StartsWith(begin, StringComparison.Ordinal)).Select(line => line[begin.Length..].Trim())];
}
