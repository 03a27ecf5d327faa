namespace Jigsaw.Benchmarks;

/// <summary>The tables between two marks of a Markdown file: tables that were measured again replace those with the same title, the others stay.</summary>
internal static class MeasurementFile
{
    private const string Start = "<!-- measured: begin -->";
    private const string End = "<!-- measured: end -->";
    private const string Title = "### ";

    /// <summary>True if a file has a place for tables, or does not exist yet.</summary>
    public static bool Takes(string path)
    {
        if (!File.Exists(path))
        {
            return true;
        }

        var text = File.ReadAllText(path);
        var from = text.IndexOf(Start, StringComparison.Ordinal);
        return from >= 0 && text.IndexOf(End, from, StringComparison.Ordinal) > from;
    }

    /// <summary>Writes tables, each starting with its title, into a file with a temporary name, and renames it.</summary>
    public static void Write(string path, IEnumerable<string> tables)
    {
        var existing = File.Exists(path) ? File.ReadAllText(path) : $"{Start}\n{End}\n";
        var from = existing.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        var to = existing.IndexOf(End, StringComparison.Ordinal);
        var blocks = existing[from..to].Split("\n" + Title).Skip(1).Select(block => Title + block.TrimEnd() + "\n\n").ToList();
        foreach (var table in tables)
        {
            var place = blocks.FindIndex(block => TitleOf(block) == TitleOf(table));
            if (place < 0)
            {
                blocks.Add(table);
            }
            else
            {
                blocks[place] = table;
            }
        }

        var temporary = path + ".tmp";
        File.WriteAllText(temporary, $"{existing[..from]}\n\n{string.Concat(blocks)}{existing[to..]}");
        File.Move(temporary, path, overwrite: true);
    }

    private static string TitleOf(string block) => block.Split('\n', 2)[0].TrimEnd();
}
