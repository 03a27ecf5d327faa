using System.Globalization;
using System.Net;
using System.Text;

namespace Jigsaw.CommandLine.Reporting;

/// <summary>A report as Markdown, without its plots.</summary>
internal static class MarkdownReport
{
    /// <summary>What it begins with.</summary>
    internal const string FirstMark = "# ";

    private const string Marks = @"\`*_{}[]#|<>~!";

    /// <summary>The file.</summary>
    internal static string Of(IReadOnlyList<ReportBlock> blocks)
    {
        var text = new StringBuilder();
        Append(text, blocks);
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void Append(StringBuilder text, IReadOnlyList<ReportBlock> blocks)
    {
        foreach (var block in blocks)
        {
            switch (block)
            {
                case ReportBlock.Heading heading:
                    text.Append(CultureInfo.InvariantCulture, $"{(heading.Anchor is { } anchor ? $"<a id=\"{anchor}\"></a>\n\n" : "")}{new string('#', heading.Level)} {Escaped(heading.Text)}\n\n");
                    break;
                case ReportBlock.Paragraph paragraph:
                    text.Append(Escaped(paragraph.Text)).Append("\n\n");
                    break;
                case ReportBlock.Notes notes when notes.Lines.Count > 0:
                    text.AppendJoin("", notes.Lines.Select(line => $"- {Escaped(line)}\n")).Append('\n');
                    break;
                case ReportBlock.Code code:
                    var fence = new string('`', 3 + LongestRun(code.Text));
                    text.Append(CultureInfo.InvariantCulture, $"{fence}text\n{code.Text.TrimEnd('\n')}\n{fence}\n\n");
                    break;
                case ReportBlock.Table table:
                    Append(text, table);
                    break;
                case ReportBlock.Folded folded:
                    text.Append(CultureInfo.InvariantCulture, $"<details><summary>{WebUtility.HtmlEncode(folded.Summary)}</summary>\n\n");
                    Append(text, folded.Blocks);
                    text.Append("</details>\n\n");
                    break;
            }
        }
    }

    private static void Append(StringBuilder text, ReportBlock.Table table)
    {
        void Row(IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
        Row(table.Columns.Select(Escaped));
        Row(table.Columns.Select((_, i) => i >= table.NumbersFrom ? "---:" : "---"));
        foreach (var (row, index) in table.Rows.Select((row, index) => (row, index)))
        {
            Row(row.Select((cell, i) => i == 0 && index < table.Anchors.Count ? $"[{Escaped(cell)}](#{table.Anchors[index]})" : Escaped(cell)));
        }

        text.Append('\n');
    }

    /// <summary>A text in one line, in which nothing is a mark of Markdown or HTML.</summary>
    private static string Escaped(string text)
    {
        var escaped = new StringBuilder();
        foreach (var letter in text.Trim())
        {
            escaped.Append(letter switch
            {
                '<' => "&lt;",
                '>' => "&gt;",
                '&' => "&amp;",
                '\n' => "<br>",
                _ when Marks.Contains(letter, StringComparison.Ordinal) => $"\\{letter}",
                _ when char.IsControl(letter) => " ",
                _ => letter.ToString(),
            });
        }

        return escaped.ToString();
    }

    private static int LongestRun(string text)
    {
        var (longest, run) = (0, 0);
        foreach (var letter in text)
        {
            run = letter == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }
}
