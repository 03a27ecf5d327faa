namespace Jigsaw.Docs.Tests;

public sealed class LinkTests
{
    public static TheoryData<string> Pages { get; } = [.. Repository.Pages];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_relative_link_leads_somewhere(string page)
    {
        Assert.Empty(Broken(page, Repository.Read(page)));
    }

    [Fact]
    public void A_link_to_nothing_is_found_and_code_is_not_read_as_links()
    {
        var broken = Broken("docs/page.md", """
            # A `page` of its own
            [a](../CONTRIBUTING.md) [b](missing.md) [c](#a-page-of-its-own) [d](#nowhere) [e](https://example.org/x) [f](../CONTRIBUTING.md#nowhere) [g](cuda.md)
            `[h](i)` ![j](k.png)
            ```
            [l](m)
            ```
            """);

        Assert.Equal(["missing.md", "#nowhere", "../CONTRIBUTING.md#nowhere", "k.png"], broken);
    }

    private static IReadOnlyList<string> Broken(string page, string text)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;
        return [.. Markdown.Links(text).Where(link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal) && !Leads(link))];

        bool Leads(string link)
        {
            var (target, anchor) = link.Split('#', 2) is [var before, var after] ? (before, after) : (link, "");
            if (target.Length == 0)
            {
                return Markdown.Anchors(text).Contains(anchor);
            }

            var file = Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(folder, Uri.UnescapeDataString(target)))).Replace('\\', '/').TrimEnd('/');
            var isThere = Repository.Files.Any(tracked => tracked == file || tracked.StartsWith(file + "/", StringComparison.Ordinal));
            return isThere && (anchor.Length == 0 || !file.EndsWith(".md", StringComparison.Ordinal) || Markdown.Anchors(Repository.Read(file)).Contains(anchor));
        }
    }
}
