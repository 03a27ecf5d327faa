namespace Jigsaw.Tokenization.Unicode;

/// <summary>A set of code points, as sorted ranges without overlap.</summary>
internal sealed class CodePointSet
{
    public const int Maximum = 0x10FFFF;

    private CodePointSet(List<(int First, int Last)> ranges) => Ranges = ranges;

    public static CodePointSet Empty { get; } = new([]);

    public static CodePointSet All { get; } = new([(0, Maximum)]);

    public IReadOnlyList<(int First, int Last)> Ranges { get; }

    public static CodePointSet Of(params IEnumerable<(int First, int Last)> ranges)
    {
        var merged = new List<(int First, int Last)>();
        foreach (var (first, last) in ranges.OrderBy(range => range.First))
        {
            if (merged.Count > 0 && first <= merged[^1].Last + 1)
            {
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, last));
            }
            else
            {
                merged.Add((first, last));
            }
        }

        return new CodePointSet(merged);
    }

    public static CodePointSet Where(Func<int, bool> belongs)
    {
        var ranges = new List<(int, int)>();
        var start = -1;
        for (var codePoint = 0; codePoint <= Maximum + 1; codePoint++)
        {
            var isIn = codePoint <= Maximum && belongs(codePoint);
            if (isIn && start < 0)
            {
                start = codePoint;
            }
            else if (!isIn && start >= 0)
            {
                ranges.Add((start, codePoint - 1));
                start = -1;
            }
        }

        return new CodePointSet(ranges);
    }

    public bool Contains(int codePoint)
    {
        var (low, high) = (0, Ranges.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (Ranges[middle].Last < codePoint)
            {
                low = middle + 1;
            }
            else if (Ranges[middle].First > codePoint)
            {
                high = middle - 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    public CodePointSet Union(CodePointSet other) => Of(Ranges.Concat(other.Ranges));

    public CodePointSet Complement()
    {
        var ranges = new List<(int, int)>();
        var next = 0;
        foreach (var (first, last) in Ranges)
        {
            if (first > next)
            {
                ranges.Add((next, first - 1));
            }

            next = last + 1;
        }

        if (next <= Maximum)
        {
            ranges.Add((next, Maximum));
        }

        return new CodePointSet(ranges);
    }

    public CodePointSet Intersect(CodePointSet other) => Complement().Union(other.Complement()).Complement();

    /// <summary>The set with the other cases of its characters.</summary>
    public CodePointSet WithCases() => Union(Of(CaseTable.Pairs.Where(pair => Contains(pair.Key)).SelectMany(pair => pair.Value.Select(other => (other, other)))));
}
