using System.Text.RegularExpressions;

namespace Jigsaw.Docs.Tests;

/// <summary>What the tests read of a page: its blocks of C#, its links, its headings.</summary>
internal static partial class Markdown
{
    private static readonly string[] _languages = ["csharp", "cs", "c#"];

    /// <summary>The C# blocks of a page, in order.</summary>
    public static IReadOnlyList<CodeBlock> Blocks(string page, string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var blocks = new List<CodeBlock>();
        var (comment, commentLine) = ("", 0);
        for (var i = 0; i < lines.Length; i++)
        {
            if (Fence().Match(lines[i]) is { Success: true } fence)
            {
                var end = EndOf(lines, i, fence);
                if (_languages.Contains(fence.Groups["language"].Value))
                {
                    var indent = fence.Groups["indent"].Length;
                    var code = lines[(i + 1)..end].Select(line => line.Length >= indent ? line[indent..] : line.TrimStart());
                    blocks.Add(new CodeBlock(page, i + 2, string.Join('\n', code), comment, commentLine));
                }

                (comment, i) = ("", end);
            }
            else if (lines[i].TrimStart().StartsWith("<!--", StringComparison.Ordinal))
            {
                var start = i;
                while (i + 1 < lines.Length && !lines[i].Contains("-->", StringComparison.Ordinal))
                {
                    i++;
                }

                (comment, commentLine) = (string.Join('\n', lines[start..(i + 1)]).Trim()["<!--".Length..].Replace("-->", "", StringComparison.Ordinal).Trim(), start + 1);
            }
            else if (lines[i].Trim().Length > 0)
            {
                comment = "";
            }
        }

        return blocks;
    }

    /// <summary>The targets of a page's links and images, code left out.</summary>
    public static IEnumerable<string> Links(string text) =>
        Link().Matches(WithoutCode(text)).Select(match => match.Groups["target"].Value);

    /// <summary>The anchors of a page's headings, as GitHub makes them.</summary>
    public static IReadOnlySet<string> Anchors(string text)
    {
        var anchors = new HashSet<string>();
        foreach (Match heading in Heading().Matches(WithoutFences(text)))
        {
            var slug = NotInSlug().Replace(heading.Groups["text"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-');
            for (var (anchor, again) = (slug, 1); !anchors.Add(anchor); again++)
            {
                anchor = $"{slug}-{again}";
            }
        }

        return anchors;
    }

    private static string WithoutCode(string text) => InlineCode().Replace(WithoutFences(text), "");

    private static string WithoutFences(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var kept = new List<string>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (Fence().Match(lines[i]) is { Success: true } fence)
            {
                i = EndOf(lines, i, fence);
            }
            else
            {
                kept.Add(lines[i]);
            }
        }

        return string.Join('\n', kept);
    }

    private static int EndOf(string[] lines, int start, Match fence)
    {
        var marker = fence.Groups["marker"].Value;
        var end = Array.FindIndex(lines, start + 1, line => line.Trim().StartsWith(marker, StringComparison.Ordinal) && line.Trim().Trim(marker[0]).Length == 0);
        return end < 0 ? lines.Length : end;
    }

    [GeneratedRegex(@"^(?<indent>\s*)(?<marker>`{3,}|~{3,})\s*(?<language>[^\s`]*)")]
    private static partial Regex Fence();

    [GeneratedRegex(@"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?(?<target>[^)\s>]+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#{1,6}\s+(?<text>.+?)\s*#*\s*$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N}\p{M}_\- ]")]
    private static partial Regex NotInSlug();

    [GeneratedRegex("(`+)(?!`).+?(?<!`)\\1(?!`)", RegexOptions.Singleline)]
    private static partial Regex InlineCode();
}
