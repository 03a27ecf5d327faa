using System.Globalization;
using System.Text.RegularExpressions;

namespace Jigsaw.Tokenization;

/// <summary>The pre-tokenizers of tokenizer.json that Jigsaw knows: how a text is cut into words, across which nothing is merged.</summary>
internal static class PreTokenizers
{
    /// <summary>The words of GPT-2.</summary>
    private const string ByteLevelPattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private static readonly TimeSpan _matchLimit = TimeSpan.FromSeconds(10);

    public static Func<TextUnit[], IEnumerable<TextUnit[]>> Sequence(IReadOnlyList<Func<TextUnit[], IEnumerable<TextUnit[]>>> splitters) =>
        units => splitters.Aggregate((IEnumerable<TextUnit[]>)[units], (words, split) => words.SelectMany(split));

    public static Func<TextUnit[], IEnumerable<TextUnit[]>> Digits(bool individually) =>
        units => Runs(units, unit => IsNumeric(unit.CodePoint), alone: individually);

    public static Func<TextUnit[], IEnumerable<TextUnit[]>> ByteLevel(bool addPrefixSpace, bool useRegex)
    {
        var split = useRegex ? Split(ByteLevelPattern, removed: false, inverted: false) : units => [units];
        return addPrefixSpace ? units => split(WithPrefixSpace(units)) : split;
    }

    /// <summary>Cuts at the matches of a regular expression, which are words of their own, or are left out.</summary>
    public static Func<TextUnit[], IEnumerable<TextUnit[]>> Split(string pattern, bool removed, bool inverted)
    {
        var regex = new Regex(pattern, RegexOptions.CultureInvariant, _matchLimit);
        return units => Cut(units, regex, removed, inverted);
    }

    /// <summary>Spaces become ▁, one is put before the first word, and each word begins with its own.</summary>
    public static Func<TextUnit[], IEnumerable<TextUnit[]>> Metaspace(string replacement, bool prepend, bool split)
    {
        var replace = Normalizers.Replace(" ", replacement);
        var first = char.ConvertToUtf32(replacement, 0);
        return units =>
        {
            var replaced = replace(units);
            if (prepend && replaced.Length > 0 && replaced[0].CodePoint != first)
            {
                replaced = [.. Normalizers.Inserted(replacement, replaced[0].Start, replaced[0].Start), .. replaced];
            }

            return split ? CutBefore(replaced, first) : [replaced];
        };
    }

    private static TextUnit[] WithPrefixSpace(TextUnit[] units) =>
        units.Length == 0 || units[0].CodePoint == ' ' ? units : [.. Normalizers.Inserted(" ", units[0].Start, units[0].Start), .. units];

    private static IEnumerable<TextUnit[]> Cut(TextUnit[] units, Regex regex, bool removed, bool inverted)
    {
        var text = TextUnit.Proxies(units);
        var end = 0;
        foreach (var match in regex.EnumerateMatches(text).ToList())
        {
            if (match.Index > end && !(removed && inverted))
            {
                yield return units[end..match.Index];
            }

            end = match.Index + match.Length;
            if (match.Length > 0 && !(removed && !inverted))
            {
                yield return units[match.Index..end];
            }
        }

        if (end < units.Length && !(removed && inverted))
        {
            yield return units[end..];
        }
    }

    private static List<(int Index, int Length)> ToList(this Regex.ValueMatchEnumerator matches)
    {
        var list = new List<(int, int)>();
        foreach (var match in matches)
        {
            list.Add((match.Index, match.Length));
        }

        return list;
    }

    private static IEnumerable<TextUnit[]> Runs(TextUnit[] units, Func<TextUnit, bool> belongs, bool alone)
    {
        var start = 0;
        for (var i = 1; i <= units.Length; i++)
        {
            var cut = i == units.Length || belongs(units[i]) != belongs(units[i - 1]) || (alone && belongs(units[i]));
            if (cut)
            {
                yield return units[start..i];
                start = i;
            }
        }
    }

    private static IEnumerable<TextUnit[]> CutBefore(TextUnit[] units, int codePoint)
    {
        var start = 0;
        for (var i = 1; i <= units.Length; i++)
        {
            if (i == units.Length || units[i].CodePoint == codePoint)
            {
                yield return units[start..i];
                start = i;
            }
        }
    }

    private static bool IsNumeric(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
}
