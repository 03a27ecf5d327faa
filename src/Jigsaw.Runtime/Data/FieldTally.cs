using System.Globalization;

namespace Jigsaw.Data;

/// <summary>Counts fields that nothing reads, to say so once. Safe for several threads, and bounded whatever the data hold.</summary>
internal sealed class FieldTally
{
    private const int MostNames = 100;
    private const int MostCharacters = 40;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, long> _rows = new(StringComparer.Ordinal);

    /// <summary>Counts a field of a row.</summary>
    public void Add(string name, long rows = 1)
    {
        lock (_lock)
        {
            name = name.Length > MostCharacters ? name[..MostCharacters] + "…" : name;
            if (_rows.TryGetValue(name, out var count) || _rows.Count < MostNames)
            {
                _rows[name] = count + rows;
            }
        }
    }

    /// <summary>Counts what another has counted.</summary>
    public void Add(FieldTally other)
    {
        foreach (var (name, rows) in other.Counts())
        {
            Add(name, rows);
        }
    }

    /// <summary>The rows of each field.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Counts()
    {
        lock (_lock)
        {
            return [.. _rows];
        }
    }

    /// <summary>The fields with their rows, such as <c>id (5000)</c>; null if there is none.</summary>
    public string? Describe() => Counts() is { Count: > 0 } counts
        ? string.Join(", ", counts.Select(field => string.Create(CultureInfo.InvariantCulture, $"{field.Key} ({field.Value})")))
        : null;
}
