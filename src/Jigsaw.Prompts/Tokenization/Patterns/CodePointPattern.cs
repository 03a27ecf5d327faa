using System.Text;
using System.Text.RegularExpressions;
using Jigsaw.Tokenization.Unicode;

namespace Jigsaw.Tokenization.Patterns;

/// <summary>
/// A pattern of Oniguruma over code points. Characters that all of the pattern's sets treat alike share one symbol; the text is written in
/// these symbols, one a code point, and .NET's engine runs on them. So classes hold all of Unicode, also above U+FFFF, exactly.
/// </summary>
internal sealed class CodePointPattern
{
    private const char FirstSymbol = '\u4E00';
    private const int MaximumSymbols = 0x5000;

    private static readonly TimeSpan _matchLimit = TimeSpan.FromSeconds(2);

    private readonly string _source;
    private readonly Regex _regex;
    private readonly char[] _basic = new char[0x10000];
    private readonly List<int> _starts = [];
    private readonly List<char> _symbols = [];

    /// <exception cref="PatternException">It can't be read.</exception>
    public CodePointPattern(string pattern)
    {
        _source = pattern;
        var (regex, sets) = PatternTranslator.Translate(pattern);
        var bySymbol = Partition(sets);
        var text = new StringBuilder();
        for (var i = 0; i < regex.Length; i++)
        {
            if (regex[i] != PatternTranslator.Placeholder)
            {
                text.Append(regex[i]);
                continue;
            }

            var end = regex.IndexOf(PatternTranslator.Placeholder, i + 1);
            var set = int.Parse(regex.AsSpan(i + 1, end - i - 1), System.Globalization.CultureInfo.InvariantCulture);
            var symbols = bySymbol.Where(entry => entry.Value[set]).Select(entry => entry.Key).ToList();
            foreach (var symbol in symbols)
            {
                text.Append(symbol);
            }

            // A set of nothing is written as a character that no text has.
            text.Append(symbols.Count == 0 ? "\uFFFE" : string.Empty);
            i = end;
        }

        try
        {
            _regex = new Regex(text.ToString(), RegexOptions.CultureInvariant | RegexOptions.Compiled, _matchLimit);
        }
        catch (ArgumentException)
        {
            throw new PatternException("it is not a pattern that can be run");
        }
    }

    /// <summary>The matches in order.</summary>
    /// <exception cref="PatternException">It takes too long.</exception>
    public List<(int Start, int End)> Matches(ReadOnlySpan<TextUnit> units)
    {
        var symbols = new char[units.Length];
        for (var i = 0; i < symbols.Length; i++)
        {
            symbols[i] = SymbolOf(units[i].CodePoint);
        }

        var matches = new List<(int, int)>();
        try
        {
            foreach (var match in _regex.EnumerateMatches(symbols))
            {
                matches.Add((match.Index, match.Index + match.Length));
            }
        }
        catch (RegexMatchTimeoutException)
        {
            throw new PatternException($"'{_source}' takes more than {_matchLimit.TotalSeconds} s on a text of {units.Length} characters");
        }

        return matches;
    }

    private char SymbolOf(int codePoint)
    {
        if (codePoint < _basic.Length)
        {
            return _basic[codePoint];
        }

        var at = _starts.BinarySearch(codePoint);
        return _symbols[at < 0 ? ~at - 1 : at];
    }

    /// <summary>Gives every code point its symbol, and tells for every symbol which sets have it.</summary>
    private Dictionary<char, bool[]> Partition(IReadOnlyList<CodePointSet> sets)
    {
        var starts = sets.SelectMany(set => set.Ranges).SelectMany(range => new[] { range.First, range.Last + 1 }).Append(0).Where(start => start <= CodePointSet.Maximum).Distinct().Order().ToList();
        var next = new int[sets.Count];
        var bySignature = new Dictionary<string, char>(StringComparer.Ordinal);
        var bySymbol = new Dictionary<char, bool[]>();
        for (var i = 0; i < starts.Count; i++)
        {
            var signature = new char[sets.Count];
            for (var set = 0; set < sets.Count; set++)
            {
                var ranges = sets[set].Ranges;
                while (next[set] < ranges.Count && ranges[next[set]].Last < starts[i])
                {
                    next[set]++;
                }

                signature[set] = next[set] < ranges.Count && ranges[next[set]].First <= starts[i] ? '1' : '0';
            }

            var key = new string(signature);
            if (!bySignature.TryGetValue(key, out var symbol))
            {
                symbol = bySignature.Count < MaximumSymbols ? (char)(FirstSymbol + bySignature.Count) : throw new PatternException("it tells too many kinds of characters apart");
                bySignature[key] = symbol;
                bySymbol[symbol] = [.. signature.Select(c => c == '1')];
            }

            _starts.Add(starts[i]);
            _symbols.Add(symbol);
            var end = i + 1 < starts.Count ? starts[i + 1] : CodePointSet.Maximum + 1;
            for (var codePoint = starts[i]; codePoint < Math.Min(end, _basic.Length); codePoint++)
            {
                _basic[codePoint] = symbol;
            }
        }

        return bySymbol;
    }
}
