using System.Globalization;

namespace Jigsaw.Tokenization;

/// <summary>Finds added tokens in a text: the leftmost, of those the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<int, (int[] CodePoints, AddedToken Token)[]> _byFirst;

    public AddedTokenMatcher(IEnumerable<AddedToken> tokens, Func<TextUnit[], TextUnit[]> normalize)
    {
        _byFirst = tokens
            .Select(token => (CodePoints: normalize(TextUnit.Split(token.Content)).Select(unit => unit.CodePoint).ToArray(), Token: token))
            .Where(entry => entry.CodePoints.Length > 0)
            .GroupBy(entry => entry.CodePoints[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(entry => entry.CodePoints.Length).ToArray());
    }

    /// <summary>Cuts a text into added tokens and what is between them.</summary>
    public IEnumerable<(TextUnit[] Units, AddedToken? Token)> Find(TextUnit[] units, Func<AddedToken, int, int, bool> allowed)
    {
        var start = 0;
        for (var i = 0; i < units.Length && _byFirst.Count > 0;)
        {
            if (Match(units, i, allowed) is not { } match)
            {
                i++;
                continue;
            }

            var (first, end) = (i, i + match.Length);
            while (match.Token.StripsLeft && first > start && IsSpace(units[first - 1]))
            {
                first--;
            }

            while (match.Token.StripsRight && end < units.Length && IsSpace(units[end]))
            {
                end++;
            }

            if (first > start)
            {
                yield return (units[start..first], null);
            }

            yield return (units[first..end], match.Token);
            start = i = end;
        }

        if (start < units.Length)
        {
            yield return (start == 0 ? units : units[start..], null);
        }
    }

    private static bool IsSpace(TextUnit unit) => unit.CodePoint <= char.MaxValue && char.IsWhiteSpace((char)unit.CodePoint);

    private (AddedToken Token, int Length)? Match(TextUnit[] units, int at, Func<AddedToken, int, int, bool> allowed)
    {
        if (!_byFirst.TryGetValue(units[at].CodePoint, out var candidates))
        {
            return null;
        }

        foreach (var (codePoints, token) in candidates)
        {
            if (Normalizers.StartsWith(units.AsSpan(at), codePoints)
                && allowed(token, units[at].Start, units[at + codePoints.Length - 1].End)
                && (!token.SingleWord || (!IsWord(units, at - 1) && !IsWord(units, at + codePoints.Length))))
            {
                return (token, codePoints.Length);
            }
        }

        return null;
    }

    private static bool IsWord(TextUnit[] units, int at) =>
        at >= 0 && at < units.Length && CharUnicodeInfo.GetUnicodeCategory(units[at].CodePoint) is
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
            or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
