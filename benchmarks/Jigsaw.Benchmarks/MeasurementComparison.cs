using System.Globalization;

namespace Jigsaw.Benchmarks;

/// <summary>Two files of measurements side by side: every cell that is a number in both.</summary>
internal static class MeasurementComparison
{
    public static void Print(string before, string after)
    {
        var (old, now) = (Read(before), Read(after));
        foreach (var (key, value) in now)
        {
            if (old.TryGetValue(key, out var was))
            {
                Console.WriteLine($"{key}: {was:g4} → {value:g4}{(was == 0 ? "" : $" ({(value / was) - 1:+0 %;-0 %;0 %})")}");
            }
        }
    }

    private static Dictionary<string, double> Read(string path)
    {
        var cells = new Dictionary<string, double>();
        var (title, header) = ("", Array.Empty<string>());
        foreach (var line in File.ReadLines(path))
        {
            if (line.StartsWith('#'))
            {
                (title, header) = (line.TrimStart('#', ' '), []);
            }
            else if (line.StartsWith('|'))
            {
                var row = line.Trim('|').Split('|', StringSplitOptions.TrimEntries);
                header = header.Length == 0 ? row : header;
                for (var i = 1; i < Math.Min(row.Length, header.Length); i++)
                {
                    if (double.TryParse(row[i], NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                    {
                        cells[$"{title}, {row[0]}, {header[i]}"] = value;
                    }
                }
            }
        }

        return cells;
    }
}
