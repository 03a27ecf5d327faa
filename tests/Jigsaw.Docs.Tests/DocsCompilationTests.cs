namespace Jigsaw.Docs.Tests;

public sealed class DocsCompilationTests
{
    [Fact]
    public async Task A_wrong_name_is_found_at_its_line_of_the_page()
    {
        var problems = await ProblemsOf("""
            # Page

            ```csharp
            var right = 1;
            Console.WriteLine(wrong);
            ```
            """);

        Assert.Equal("page.md(5,19): error CS0103: The name 'wrong' does not exist in the current context", Assert.Single(problems));
    }

    [Fact]
    public async Task A_block_sees_the_usings_and_types_of_the_blocks_before_it()
    {
        Assert.Empty(await ProblemsOf("""
            ```csharp
            using System.Text;

            public sealed class Greeting { public StringBuilder Text { get; } = new("hello"); }
            ```
            Text.
            ```csharp
            var greeting = new Greeting();
            Console.WriteLine(greeting.Text.Append(new StringBuilder()));
            ```
            """));
    }

    [Fact]
    public async Task A_type_that_is_shown_again_replaces_the_earlier_one()
    {
        Assert.Empty(await ProblemsOf("""
            ```csharp
            public sealed class Greeting { }
            ```
            ```csharp
            public sealed class Greeting { public string Text => "hello"; }
            ```
            ```csharp
            Console.WriteLine(new Greeting().Text);
            ```
            """));
    }

    [Theory]
    [InlineData("<!-- continues -->", 0)]
    [InlineData("<!-- compiled-with: var number = 1; -->", 0)]
    [InlineData("<!-- another comment -->", 1)]
    [InlineData("", 1)]
    public async Task A_comment_before_a_block_says_what_it_continues(string comment, int expected)
    {
        Assert.Equal(expected, (await ProblemsOf($"""
            ```csharp
            var number = 1;
            ```
            {comment}
            ```csharp
            Console.WriteLine(number);
            ```
            """)).Count);
    }

    [Fact]
    public async Task A_block_sees_the_library()
    {
        Assert.Empty(await ProblemsOf("""
            ```csharp
            using Jigsaw.Batches;
            using static TorchSharp.torch;

            Tensor Twice(Tensor tensor, RowMask mask) => tensor * 2 * mask.Value;
            Console.WriteLine(Twice);
            ```
            """));
    }

    [Fact]
    public void A_comment_with_a_reason_leaves_a_block_out()
    {
        var block = Assert.Single(Markdown.Blocks("page.md", """
            <!-- not-compiled: a sketch -->
              ```csharp
              …
              ```
            """));

        Assert.Equal("a sketch", block.Reason);
        Assert.Equal("…", block.Code);
    }

    private static async Task<IReadOnlyList<string>> ProblemsOf(string page)
    {
        var blocks = Markdown.Blocks("page.md", page);
        return await DocsCompilation.ProblemsOf(blocks, blocks.Count - 1);
    }
}
