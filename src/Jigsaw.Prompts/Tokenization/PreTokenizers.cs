using System.Globalization;
using Jigsaw.Tokenization.Patterns;
using Jigsaw.Tokenization.Unicode;

namespace Jigsaw.Tokenization;

/// <summary>The pre-tokenizers of tokenizer.json that Jigsaw knows: how a text is cut into words, across which nothing is merged.</summary>
internal static class PreTokenizers
{
    /// <summary>The words of GPT-2.</summary>
    private const string ByteLevelPattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public static Func<TextUnit[], IEnumerable<TextUnit[]>> Sequence(IReadOnlyList<Func<TextUnit[], IEnumerable<TextUnit[]>>> splitters) =>
        units => splitters.Aggregate((IEnumerable<TextUnit[]>)[units], (words, split) => words.SelectMany(split));

    public static Func<TextUnit[], IEnumerable<TextUnit[]>> Digits(bool individually) => units =>
        Pieces(units, Matches(units, unit => IsNumeric(unit.CodePoint), individually), individually ? SplitBehavior.Isolated : SplitBehavior.Contiguous, isInverted: false);

    public static Func<TextUnit[], IEnumerable<TextUnit[]>> ByteLevel(bool addPrefixSpace, bool useRegex)
    {
        var split = useRegex ? Split(new CodePointPattern(ByteLevelPattern), SplitBehavior.Isolated, isInverted: false) : units => [units];
        return addPrefixSpace ? units => split(WithPrefixSpace(units)) : split;
    }

    /// <summary>Cuts at the matches of a pattern.</summary>
    public static Func<TextUnit[], IEnumerable<TextUnit[]>> Split(CodePointPattern pattern, SplitBehavior behavior, bool isInverted) =>
        units => Pieces(units, pattern.Matches(units), behavior, isInverted);

    /// <summary>Cuts at a text.</summary>
    public static Func<TextUnit[], IEnumerable<TextUnit[]>> Split(string text, SplitBehavior behavior, bool isInverted)
    {
        var sought = TextUnit.Split(text).Select(unit => unit.CodePoint).ToArray();
        return units => Pieces(units, Find(units, sought), behavior, isInverted);
    }

    /// <summary>Cuts at single characters.</summary>
    public static Func<TextUnit[], IEnumerable<TextUnit[]>> Split(Func<int, bool> belongs, SplitBehavior behavior) =>
        units => Pieces(units, Matches(units, unit => belongs(unit.CodePoint), individually: true), behavior, isInverted: false);

    /// <summary>Spaces become ▁, one is put before words as the scheme says, and each word begins with its own.</summary>
    /// <param name="replacement">What stands for a space.</param>
    /// <param name="scheme">Before which pieces one is put: <c>always</c>, <c>first</c> (the one that begins the whole text), <c>never</c>.</param>
    /// <param name="split">True if words are cut apart.</param>
    public static Func<TextUnit[], IEnumerable<TextUnit[]>> Metaspace(string replacement, string scheme, bool split)
    {
        var replace = Normalizers.Replace(" ", replacement);
        var first = char.ConvertToUtf32(replacement, 0);
        return units =>
        {
            var replaced = replace(units);
            if (replaced.Length > 0 && replaced[0].CodePoint != first && (scheme == "always" || (scheme == "first" && replaced[0].Start == 0)))
            {
                replaced = [.. Normalizers.Inserted(replacement, replaced[0].Start, replaced[0].Start), .. replaced];
            }

            return split ? Pieces(replaced, Find(replaced, [first]), SplitBehavior.MergedWithNext, isInverted: false) : [replaced];
        };
    }

    public static bool IsPunctuation(int codePoint) => codePoint is (>= 33 and <= 47) or (>= 58 and <= 64) or (>= 91 and <= 96) or (>= 123 and <= 126)
        || CharUnicodeInfo.GetUnicodeCategory(codePoint) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
            or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;

    public static bool IsSpace(int codePoint) => codePoint <= char.MaxValue && char.IsWhiteSpace((char)codePoint);

    private static TextUnit[] WithPrefixSpace(TextUnit[] units) =>
        units.Length == 0 || units[0].CodePoint == ' ' ? units : [.. Normalizers.Inserted(" ", units[0].Start, units[0].Start), .. units];

    /// <summary>The pieces of a text, as Hugging Face's tokenizers join matches and what is between them.</summary>
    private static List<TextUnit[]> Pieces(TextUnit[] units, List<(int Start, int End)> matches, SplitBehavior behavior, bool isInverted)
    {
        var parts = new List<(int Start, int End, bool IsMatch)>();
        var end = 0;
        foreach (var match in matches)
        {
            if (match.Start > end)
            {
                parts.Add((end, match.Start, isInverted));
            }

            parts.Add((match.Start, match.End, !isInverted));
            end = match.End;
        }

        if (end < units.Length)
        {
            parts.Add((end, units.Length, isInverted));
        }

        var pieces = behavior switch
        {
            SplitBehavior.Removed => parts.Where(part => !part.IsMatch).Select(part => (part.Start, part.End)).ToList(),
            SplitBehavior.Isolated => [.. parts.Select(part => (part.Start, part.End))],
            SplitBehavior.MergedWithPrevious => Merged(parts, (isMatch, wasMatch) => isMatch && !wasMatch),
            SplitBehavior.MergedWithNext => MergedWithNext(parts),
            _ => Merged(parts, (isMatch, wasMatch) => isMatch == wasMatch),
        };
        return [.. pieces.Where(piece => piece.End > piece.Start).Select(piece => piece.Start == 0 && piece.End == units.Length ? units : units[piece.Start..piece.End])];
    }

    private static List<(int Start, int End)> Merged(List<(int Start, int End, bool IsMatch)> parts, Func<bool, bool, bool> joins)
    {
        var pieces = new List<(int Start, int End)>();
        var wasMatch = false;
        foreach (var (start, end, isMatch) in parts)
        {
            if (joins(isMatch, wasMatch) && pieces.Count > 0)
            {
                pieces[^1] = (pieces[^1].Start, end);
            }
            else
            {
                pieces.Add((start, end));
            }

            wasMatch = isMatch;
        }

        return pieces;
    }

    private static List<(int Start, int End)> MergedWithNext(List<(int Start, int End, bool IsMatch)> parts)
    {
        var pieces = new List<(int Start, int End)>();
        var wasMatch = false;
        foreach (var (start, end, isMatch) in Enumerable.Reverse(parts))
        {
            if (isMatch && !wasMatch && pieces.Count > 0)
            {
                pieces[^1] = (start, pieces[^1].End);
            }
            else
            {
                pieces.Add((start, end));
            }

            wasMatch = isMatch;
        }

        pieces.Reverse();
        return pieces;
    }

    private static List<(int Start, int End)> Find(TextUnit[] units, int[] sought)
    {
        var matches = new List<(int, int)>();
        for (var i = 0; i <= units.Length - sought.Length && sought.Length > 0;)
        {
            if (Normalizers.StartsWith(units.AsSpan(i), sought))
            {
                matches.Add((i, i + sought.Length));
                i += sought.Length;
            }
            else
            {
                i++;
            }
        }

        return matches;
    }

    private static List<(int Start, int End)> Matches(TextUnit[] units, Func<TextUnit, bool> belongs, bool individually)
    {
        var matches = new List<(int Start, int End)>();
        for (var i = 0; i < units.Length; i++)
        {
            if (!belongs(units[i]))
            {
                continue;
            }

            if (!individually && matches.Count > 0 && matches[^1].End == i)
            {
                matches[^1] = (matches[^1].Start, i + 1);
            }
            else
            {
                matches.Add((i, i + 1));
            }
        }

        return matches;
    }

    private static bool IsNumeric(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
}
