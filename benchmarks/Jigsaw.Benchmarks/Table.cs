using System.Text;

namespace Jigsaw.Benchmarks;

/// <summary>A Markdown table of measurements: what was measured, the result, and the target.</summary>
internal sealed class Table(string title, params string[] columns)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Milliseconds as a cell.</summary>
    public static string Time(double milliseconds) => milliseconds < 20 ? $"{milliseconds:f2}" : $"{milliseconds:f0}";

    public void Add(params string[] cells)
    {
        _rows.Add(cells);
        Console.WriteLine($"{title}: {string.Join(" | ", cells)}");
    }

    /// <summary>The table under its title and the conditions of its measurement.</summary>
    public string ToString(string conditions)
    {
        var text = new StringBuilder();
        text.Append("### ").Append(title).Append("\n\n").Append(conditions).Append("\n\n");
        Line(text, columns);
        Line(text, [.. columns.Select(_ => "---")]);
        foreach (var row in _rows)
        {
            Line(text, row);
        }

        return text.Append('\n').ToString();
    }

    private static void Line(StringBuilder text, string[] cells) => text.Append("| ").Append(string.Join(" | ", cells)).Append(" |\n");
}
