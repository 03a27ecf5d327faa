using Xunit.Abstractions;

namespace Jigsaw.Docs.Tests;

public sealed class CodeBlockTests(ITestOutputHelper output)
{
    // Excludes the diagnostics pages, whose wrong code the generator's tests compile. Raise it only for code that no reader could compile either.
    private const int MostUncompiled = 6;

    private static readonly CodeBlock[] _blocks = Repository.Pages.SelectMany(page => Markdown.Blocks(page, Repository.Read(page))).ToArray();

    public static TheoryData<string> Compiled { get; } = [.. _blocks.Where(block => block.Reason is null).Select(block => block.ToString())];

    [Theory]
    [MemberData(nameof(Compiled))]
    public async Task Every_block_of_code_compiles(string place)
    {
        var block = _blocks.Single(block => block.ToString() == place);
        var page = _blocks.Where(other => other.Page == block.Page && other.Reason is null).ToArray();

        var problems = await DocsCompilation.ProblemsOf(page, Array.IndexOf(page, block));

        Assert.True(
            problems.Count == 0,
            $"{place} does not compile. A block sees the usings and types of the blocks before it on its page, and its statements too after <!-- continues -->;"
            + $" what a reader already has goes into <!-- compiled-with: … --> before it; what can't compile says <!-- not-compiled: reason -->.\n{string.Join('\n', problems)}");
    }

    [Fact]
    public void Every_block_that_is_not_compiled_says_why()
    {
        Assert.All(_blocks.Where(block => block.Reason is not null), block => Assert.True(block.Reason!.Length > 0, $"{block} says not-compiled without a reason."));
    }

    [Fact]
    public void Few_blocks_are_not_compiled()
    {
        var uncompiled = _blocks.Where(block => block.Reason is not null && !block.Page.StartsWith("docs/diagnostics/", StringComparison.Ordinal)).ToArray();
        output.WriteLine($"{_blocks.Length - uncompiled.Length} blocks are compiled here or by the tests of the generator, {uncompiled.Length} are not:");
        foreach (var block in uncompiled)
        {
            output.WriteLine($"{block}: {block.Reason}");
        }

        Assert.InRange(uncompiled.Length, 0, MostUncompiled);
    }
}
