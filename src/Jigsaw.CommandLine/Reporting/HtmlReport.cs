using System.Globalization;
using System.Net;
using System.Text;

namespace Jigsaw.CommandLine.Reporting;

/// <summary>A report as one HTML file, which loads nothing and runs nothing.</summary>
internal static class HtmlReport
{
    /// <summary>What it begins with.</summary>
    internal const string FirstLine = "<!DOCTYPE html>";

    private const string Style = """
        :root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --page: #ffffff; --panel: #f6f8fa; --grid: #d8dee4; --curve: #0969da; --link: #0969da; --warn: #9a6700; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --page: #0d1117; --panel: #161b22; --grid: #30363d; --curve: #58a6ff; --link: #58a6ff; --warn: #d29922; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
        main { max-width: 76rem; margin: 0 auto; padding: 1rem; }
        h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; }
        h2 { margin-top: 2.5rem; padding-bottom: .3rem; border-bottom: 1px solid var(--grid); }
        p, li { overflow-wrap: anywhere; }
        a { color: var(--link); }
        pre { overflow-x: auto; padding: .75rem; background: var(--panel); border-radius: 6px; font-size: .85rem; }
        .scroll { overflow-x: auto; max-width: 100%; margin: .75rem 0; }
        table { border-collapse: collapse; font-size: .9rem; }
        th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top; }
        th { color: var(--soft); font-weight: 600; }
        td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
        ul.notes { padding-left: 1.2rem; color: var(--soft); }
        ul.missing { padding: .5rem .5rem .5rem 1.6rem; border-left: 4px solid var(--warn); background: var(--panel); }
        figure { margin: 1rem 0; }
        figcaption { color: var(--soft); font-size: .9rem; }
        .plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: .75rem; }
        .plots.one { grid-template-columns: minmax(0, 40rem); }
        svg { display: block; width: 100%; height: auto; font-family: inherit; color: var(--ink); }
        circle.on { fill: var(--curve); stroke: var(--page); }
        circle.off { fill: var(--page); stroke: var(--curve); stroke-width: 2; }
        a:focus circle, a:hover circle { stroke: var(--ink); stroke-width: 3; }
        summary { cursor: pointer; color: var(--link); }
        :target { scroll-margin-top: 1rem; background: var(--panel); }
        @media print {
          :root { --ink: #000; --soft: #333; --page: #fff; --panel: #fff; --grid: #bbb; --curve: #004; --link: #000; --warn: #000; }
          body { font-size: 10pt; }
          main { max-width: none; padding: 0; }
          .scroll, pre { overflow: visible; }
          pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--grid); }
          td, td.n, th.n { white-space: normal; overflow-wrap: anywhere; }
          figure svg, tr { break-inside: avoid; }
          h2, h3 { break-after: avoid; }
          details::details-content { content-visibility: visible; display: block; height: auto; }
        }
        """;

    /// <summary>The file.</summary>
    internal static string Of(IReadOnlyList<ReportBlock> blocks)
    {
        var title = blocks.OfType<ReportBlock.Heading>().First().Text;
        var text = new StringBuilder();
        text.Append(FirstLine).Append("\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\" />\n")
            .Append(CultureInfo.InvariantCulture, $"<title>{Encoded(title)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n<main>\n");
        Append(text, blocks);
        return text.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static void Append(StringBuilder text, IReadOnlyList<ReportBlock> blocks)
    {
        foreach (var block in blocks)
        {
            switch (block)
            {
                case ReportBlock.Heading heading:
                    text.Append(CultureInfo.InvariantCulture, $"<h{heading.Level}{(heading.Anchor is { } anchor ? $" id=\"{anchor}\"" : "")}>{Encoded(heading.Text)}</h{heading.Level}>\n");
                    break;
                case ReportBlock.Paragraph paragraph:
                    text.Append(CultureInfo.InvariantCulture, $"<p>{Encoded(paragraph.Text)}</p>\n");
                    break;
                case ReportBlock.Notes notes:
                    text.Append("<ul class=\"notes\">\n").AppendJoin("", notes.Lines.Select(line => $"<li>{Encoded(line)}</li>\n")).Append("</ul>\n");
                    break;
                case ReportBlock.Code code:
                    text.Append(CultureInfo.InvariantCulture, $"<pre>{Encoded(code.Text.TrimEnd('\n'))}</pre>\n");
                    break;
                case ReportBlock.Table table:
                    Append(text, table);
                    break;
                case ReportBlock.Figure figure:
                    text.Append(CultureInfo.InvariantCulture, $"<figure>\n<div class=\"plots{(figure.Drawings.Count == 1 ? " one" : "")}\">\n").AppendJoin('\n', figure.Drawings)
                        .Append(CultureInfo.InvariantCulture, $"\n</div>\n<figcaption>{Encoded(figure.Caption)}</figcaption>\n</figure>\n");
                    break;
                case ReportBlock.Folded folded:
                    text.Append(CultureInfo.InvariantCulture, $"<details>\n<summary>{Encoded(folded.Summary)}</summary>\n");
                    Append(text, folded.Blocks);
                    text.Append("</details>\n");
                    break;
            }
        }
    }

    private static void Append(StringBuilder text, ReportBlock.Table table)
    {
        string Class(int column) => column >= table.NumbersFrom ? " class=\"n\"" : "";
        text.Append("<div class=\"scroll\" tabindex=\"0\">\n<table>\n<thead><tr>").AppendJoin("", table.Columns.Select((column, i) => $"<th{Class(i)}>{Encoded(column)}</th>")).Append("</tr></thead>\n<tbody>\n");
        foreach (var (row, index) in table.Rows.Select((row, index) => (row, index)))
        {
            text.Append("<tr>").AppendJoin("", row.Select((cell, i) =>
                $"<td{Class(i)}>{(i == 0 && index < table.Anchors.Count ? $"<a href=\"#{table.Anchors[index]}\">{Encoded(cell)}</a>" : Encoded(cell))}</td>")).Append("</tr>\n");
        }

        text.Append("</tbody>\n</table>\n</div>\n");
    }

    /// <summary>A text without what is markup, and without what no XML may hold.</summary>
    private static string Encoded(string text) =>
        WebUtility.HtmlEncode(string.Concat(text.EnumerateRunes().Select(rune => rune.Value is < 0x20 and not ('\n' or '\t' or '\r') or 0xFFFE or 0xFFFF ? "\uFFFD" : rune.ToString())));
}
