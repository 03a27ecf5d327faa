namespace Jigsaw.CommandLine.Options;

/// <summary>The name that was probably meant.</summary>
internal static class NearestName
{
    private const int MostShown = 80;

    /// <summary>The name with the fewest edits, or null where none has a third of its letters in common.</summary>
    internal static string? Of(string name, IEnumerable<string> names)
    {
        var best = names.Select(other => (Name: other, Edits: Edits(name, other))).OrderBy(found => found.Edits).FirstOrDefault();
        return best.Name is not null && best.Edits * 3 <= Math.Max(name.Length, best.Name.Length) * 2 ? best.Name : null;
    }

    /// <summary>A question that names it, with a blank before; empty where there is none.</summary>
    internal static string Question(string name, IEnumerable<string> names) => Of(name, names) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    /// <summary>A name as a sentence quotes it: its beginning where it is long.</summary>
    internal static string Shown(string name) => name.Length <= MostShown ? name : name[..MostShown] + "…";

    private static int Edits(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (left[i - 1] == right[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
