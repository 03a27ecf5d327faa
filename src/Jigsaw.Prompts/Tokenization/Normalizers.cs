using System.Globalization;
using System.Text;
using Jigsaw.Tokenization.Patterns;
using Jigsaw.Tokenization.Unicode;

namespace Jigsaw.Tokenization;

/// <summary>The normalizers of tokenizer.json that Jigsaw knows. Each keeps for every code point where in the text it came from.</summary>
internal static class Normalizers
{
    private const int MaximumGrowth = 64;
    private const int AlwaysAllowed = 1 << 16;

    /// <summary>One after the other. A text that grows out of proportion is refused, since a few replacements in a row could fill the memory.</summary>
    /// <param name="normalizers">What is done, in order.</param>
    /// <param name="tooLong">What to throw.</param>
    public static Func<TextUnit[], TextUnit[]> Sequence(IReadOnlyList<Func<TextUnit[], TextUnit[]>> normalizers, Func<Exception> tooLong) =>
        units => normalizers.Aggregate(units, (current, normalize) => normalize(current) is var next && next.Length > AlwaysAllowed + (MaximumGrowth * (long)units.Length) ? throw tooLong() : next);

    public static Func<TextUnit[], TextUnit[]> Unicode(bool compatible, bool composed) => units => UnicodeNormalizer.Normalize(units, compatible, composed);

    public static Func<TextUnit[], TextUnit[]> Lowercase() => units =>
        [.. units.SelectMany(unit => Templates.TextCasing.ToLower(Scalar(unit)).EnumerateRunes().Select(rune => unit with { CodePoint = rune.Value }))];

    /// <summary>Without marks.</summary>
    public static Func<TextUnit[], TextUnit[]> StripAccents() => units =>
        Array.FindAll(units, unit => CharUnicodeInfo.GetUnicodeCategory(unit.CodePoint) is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark));

    /// <summary>Without white space at its ends.</summary>
    public static Func<TextUnit[], TextUnit[]> Strip(bool left, bool right) => units =>
    {
        var (start, end) = (0, units.Length);
        while (left && start < end && PreTokenizers.IsSpace(units[start].CodePoint))
        {
            start++;
        }

        while (right && end > start && PreTokenizers.IsSpace(units[end - 1].CodePoint))
        {
            end--;
        }

        return units[start..end];
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

    public static Func<TextUnit[], TextUnit[]> Replace(CodePointPattern pattern, string content) => units =>
    {
        var result = new List<TextUnit>(units.Length);
        var end = 0;
        foreach (var match in pattern.Matches(units).Where(match => match.End > match.Start))
        {
            result.AddRange(units.AsSpan(end, match.Start - end));
            result.AddRange(Inserted(content, units[match.Start].Start, units[match.End - 1].End));
            end = match.End;
        }

        result.AddRange(units.AsSpan(end));
        return [.. result];
    };

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

    private static Rune Scalar(TextUnit unit) => new(unit.CodePoint);
}
