namespace Jigsaw.Tokenization.Unicode;

/// <summary>Unicode's normal forms, by own tables: .NET's do nothing in globalization-invariant mode. Every code point keeps where it came from.</summary>
/// <remarks>Unicode Standard Annex 15.</remarks>
internal static class UnicodeNormalizer
{
    private const int SyllableBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int Vowels = 21;
    private const int Trails = 28;
    private const int Syllables = 11172;

    public static TextUnit[] Normalize(TextUnit[] units, bool compatible, bool composed)
    {
        if (Array.TrueForAll(units, unit => unit.CodePoint < 0xA0))
        {
            return units;
        }

        var decomposed = new List<TextUnit>(units.Length + 8);
        foreach (var unit in units)
        {
            Decompose(unit.CodePoint, unit, compatible, decomposed);
        }

        Order(decomposed);
        if (composed)
        {
            Compose(decomposed);
        }

        return [.. decomposed];
    }

    private static byte ClassOf(int codePoint) => codePoint < 0x300 ? (byte)0 : UnicodeTables.Instance.Classes.GetValueOrDefault(codePoint);

    private static void Decompose(int codePoint, TextUnit source, bool compatible, List<TextUnit> result)
    {
        if (codePoint is >= SyllableBase and < SyllableBase + Syllables)
        {
            var index = codePoint - SyllableBase;
            result.Add(source with { CodePoint = LeadBase + (index / (Vowels * Trails)) });
            result.Add(source with { CodePoint = VowelBase + (index % (Vowels * Trails) / Trails) });
            if (index % Trails > 0)
            {
                result.Add(source with { CodePoint = TrailBase + (index % Trails) });
            }
        }
        else if (codePoint >= 0xA0 && (UnicodeTables.Instance.Canonical.TryGetValue(codePoint, out var parts) || (compatible && UnicodeTables.Instance.Compatible.TryGetValue(codePoint, out parts))))
        {
            foreach (var part in parts)
            {
                Decompose(part, source, compatible, result);
            }
        }
        else
        {
            result.Add(source with { CodePoint = codePoint });
        }
    }

    /// <summary>Sorts marks between starters by their class; what changes places comes from the characters of all of them.</summary>
    private static void Order(List<TextUnit> units)
    {
        for (var start = 0; start < units.Count;)
        {
            if (ClassOf(units[start].CodePoint) == 0)
            {
                start++;
                continue;
            }

            var end = start + 1;
            while (end < units.Count && ClassOf(units[end].CodePoint) > 0)
            {
                end++;
            }

            var run = units.GetRange(start, end - start);
            var sorted = run.OrderBy(unit => ClassOf(unit.CodePoint)).ToList();
            if (!sorted.SequenceEqual(run))
            {
                var (first, last) = (run.Min(unit => unit.Start), run.Max(unit => unit.End));
                for (var i = start; i < end; i++)
                {
                    units[i] = new TextUnit(sorted[i - start].CodePoint, first, last);
                }
            }

            start = end;
        }
    }

    private static void Compose(List<TextUnit> units)
    {
        var (kept, starter, lastClass) = (0, -1, -1);
        foreach (var unit in units.ToArray())
        {
            var ownClass = ClassOf(unit.CodePoint);
            if (starter >= 0 && (lastClass < ownClass || lastClass == -1) && Pair(units[starter].CodePoint, unit.CodePoint) is { } composed)
            {
                units[starter] = new TextUnit(composed, Math.Min(units[starter].Start, unit.Start), Math.Max(units[starter].End, unit.End));
                for (var i = starter + 1; i < kept; i++)
                {
                    units[i] = units[i] with { Start = Math.Min(units[i].Start, units[starter].Start), End = Math.Max(units[i].End, units[starter].End) };
                }

                continue;
            }

            if (ownClass == 0)
            {
                (starter, lastClass) = (kept, -1);
            }
            else
            {
                lastClass = ownClass;
            }

            units[kept++] = unit;
        }

        units.RemoveRange(kept, units.Count - kept);
    }

    private static int? Pair(int first, int second)
    {
        if (first is >= LeadBase and < LeadBase + 19 && second is >= VowelBase and < VowelBase + Vowels)
        {
            return SyllableBase + ((((first - LeadBase) * Vowels) + second - VowelBase) * Trails);
        }

        if (first is >= SyllableBase and < SyllableBase + Syllables && (first - SyllableBase) % Trails == 0 && second is > TrailBase and < TrailBase + Trails)
        {
            return first + second - TrailBase;
        }

        return UnicodeTables.Instance.Compositions.TryGetValue((first, second), out var composed) ? composed : null;
    }
}
