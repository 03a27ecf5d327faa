using System.Globalization;
using Jigsaw.Tokenization.Unicode;

namespace Jigsaw.Tokenization;

/// <summary>Finds added tokens in a text: the leftmost, of those the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<(int Node, int CodePoint), int> _edges = [];
    private readonly Dictionary<int, AddedToken> _ends = [];

    public AddedTokenMatcher(IEnumerable<AddedToken> tokens, Func<TextUnit[], TextUnit[]> normalize)
    {
        var nodes = 1;
        foreach (var token in tokens)
        {
            var node = 0;
            foreach (var unit in normalize(TextUnit.Split(token.Content)))
            {
                if (!_edges.TryGetValue((node, unit.CodePoint), out var next))
                {
                    _edges[(node, unit.CodePoint)] = next = nodes++;
                }

                node = next;
            }

            if (node != 0)
            {
                _ends.TryAdd(node, token);
            }
        }
    }

    /// <summary>Cuts a text into added tokens and what is between them.</summary>
    public IEnumerable<(TextUnit[] Units, AddedToken? Token)> Find(TextUnit[] units, Func<AddedToken, int, int, bool> allowed)
    {
        var start = 0;
        for (var i = 0; i < units.Length && _ends.Count > 0;)
        {
            if (Match(units, i, allowed) is not { } match)
            {
                i++;
                continue;
            }

            var (first, end) = (i, i + match.Length);
            if (match.Token.SingleWord && (IsWord(units, first - 1) || IsWord(units, end)))
            {
                i = end;
                continue;
            }

            while (match.Token.StripsLeft && first > start && PreTokenizers.IsSpace(units[first - 1].CodePoint))
            {
                first--;
            }

            while (match.Token.StripsRight && end < units.Length && PreTokenizers.IsSpace(units[end].CodePoint))
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

    private (AddedToken Token, int Length)? Match(TextUnit[] units, int at, Func<AddedToken, int, int, bool> allowed)
    {
        (AddedToken, int)? longest = null;
        var node = 0;
        for (var i = at; i < units.Length && _edges.TryGetValue((node, units[i].CodePoint), out node); i++)
        {
            if (_ends.TryGetValue(node, out var token) && allowed(token, units[at].Start, units[i].End))
            {
                longest = (token, i + 1 - at);
            }
        }

        return longest;
    }

    private static bool IsWord(TextUnit[] units, int at) =>
        at >= 0 && at < units.Length && CharUnicodeInfo.GetUnicodeCategory(units[at].CodePoint) is
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
            or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
