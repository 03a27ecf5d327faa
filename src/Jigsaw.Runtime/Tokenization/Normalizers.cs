using System.Globalization;
using System.Text;

namespace Jigsaw.Tokenization;

/// <summary>The normalizers of tokenizer.json that Jigsaw knows. Each keeps for every code point where in the text it came from.</summary>
internal static class Normalizers
{
    public static Func<TextUnit[], TextUnit[]> Sequence(IReadOnlyList<Func<TextUnit[], TextUnit[]>> normalizers) =>
        units => normalizers.Aggregate(units, (current, normalize) => normalize(current));

    public static Func<TextUnit[], TextUnit[]> Unicode(NormalizationForm form) => units =>
    {
        var text = TextUnit.Join(units);
        var normalized = Normalize(text, form);
        if (normalized == text)
        {
            return units;
        }

        // A base character and the marks behind it are normalized together, and all of the result comes from all of them.
        var result = new List<TextUnit>(units.Length);
        for (var first = 0; first < units.Length;)
        {
            var end = first + 1;
            while (end < units.Length && Combines(units[end].CodePoint))
            {
                end++;
            }

            AddCluster(Normalize(TextUnit.Join(units.AsSpan(first, end - first)), form), units[first].Start, units[end - 1].End);
            first = end;
        }

        if (TextUnit.Join([.. result]) != normalized)
        {
            result.Clear();
            AddCluster(normalized, units[0].Start, units[^1].End);
        }

        return [.. result];

        void AddCluster(string cluster, int start, int end)
        {
            foreach (var rune in cluster.EnumerateRunes())
            {
                result.Add(new TextUnit(rune.Value, start, end));
            }
        }
    };

    public static Func<TextUnit[], TextUnit[]> Prepend(string prefix) => units =>
        units.Length == 0 ? units : [.. Inserted(prefix, units[0].Start, units[0].Start), .. units];

    public static Func<TextUnit[], TextUnit[]> Replace(string pattern, string content)
    {
        var sought = TextUnit.Split(pattern).Select(unit => unit.CodePoint).ToArray();
        return units =>
        {
            var result = new List<TextUnit>(units.Length);
            for (var i = 0; i < units.Length;)
            {
                if (StartsWith(units.AsSpan(i), sought))
                {
                    result.AddRange(Inserted(content, units[i].Start, units[i + sought.Length - 1].End));
                    i += sought.Length;
                }
                else
                {
                    result.Add(units[i++]);
                }
            }

            return [.. result];
        };
    }

    public static IEnumerable<TextUnit> Inserted(string text, int start, int end) =>
        TextUnit.Split(text).Select(unit => new TextUnit(unit.CodePoint, start, end));

    public static bool StartsWith(ReadOnlySpan<TextUnit> units, ReadOnlySpan<int> codePoints)
    {
        if (units.Length < codePoints.Length)
        {
            return false;
        }

        for (var i = 0; i < codePoints.Length; i++)
        {
            if (units[i].CodePoint != codePoints[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Noncharacters such as U+FFFE, which .NET refuses to normalize, are their own normal form and stand between the parts.</summary>
    private static string Normalize(string text, NormalizationForm form)
    {
        var result = new StringBuilder(text.Length);
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || text[i] is '\uFFFE' or '\uFFFF' or (>= '\uFDD0' and <= '\uFDEF'))
            {
                result.Append(text.AsSpan(start, i - start).ToString().Normalize(form));
                if (i < text.Length)
                {
                    result.Append(text[i]);
                }

                start = i + 1;
            }
        }

        return result.ToString();
    }

    private static bool Combines(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        || codePoint is (>= 0x1160 and <= 0x11FF) or (>= 0xD7B0 and <= 0xD7FF);
}
