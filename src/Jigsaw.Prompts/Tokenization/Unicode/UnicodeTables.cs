using System.Globalization;

namespace Jigsaw.Tokenization.Unicode;

/// <summary>What of Unicode .NET doesn't have, or not in globalization-invariant mode: decompositions, combining classes and scripts.</summary>
internal sealed class UnicodeTables
{
    private static readonly Lazy<UnicodeTables> _instance = new(() => new UnicodeTables());

    private UnicodeTables()
    {
        var excluded = new HashSet<int>();
        using var stream = typeof(UnicodeTables).Assembly.GetManifestResourceStream("Jigsaw.Tokenization.Unicode.tables.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            var parts = line.Split(' ');
            switch (parts[0])
            {
                case "d":
                    Canonical[Code(parts[1])] = [.. parts[2..].Select(Code)];
                    break;
                case "k":
                    Compatible[Code(parts[1])] = [.. parts[2..].Select(Code)];
                    break;
                case "x":
                    excluded.Add(Code(parts[1]));
                    break;
                case "c":
                    for (var codePoint = Code(parts[1]); codePoint <= Code(parts[2]); codePoint++)
                    {
                        Classes[codePoint] = byte.Parse(parts[3], CultureInfo.InvariantCulture);
                    }

                    break;
                default:
                    Scripts[parts[1].Replace("_", string.Empty, StringComparison.Ordinal)] = CodePointSet.Of(parts[2].Split(',').Select(range => range.Split('-')).Select(range => (Code(range[0]), Code(range[^1]))));
                    break;
            }
        }

        foreach (var (composed, parts) in Canonical)
        {
            if (parts.Length == 2 && !excluded.Contains(composed))
            {
                Compositions[(parts[0], parts[1])] = composed;
            }
        }
    }

    public static UnicodeTables Instance => _instance.Value;

    public Dictionary<int, int[]> Canonical { get; } = [];

    public Dictionary<int, int[]> Compatible { get; } = [];

    public Dictionary<(int, int), int> Compositions { get; } = [];

    public Dictionary<int, byte> Classes { get; } = [];

    /// <summary>The scripts by name, without underscores, whatever the case.</summary>
    public Dictionary<string, CodePointSet> Scripts { get; } = new(StringComparer.OrdinalIgnoreCase);

    private static int Code(string hexadecimal) => int.Parse(hexadecimal, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
