using System.Text;
using Jigsaw.Tokenization.Unicode;

namespace Jigsaw.Tokenization.Patterns;

/// <summary>Reads a class in brackets: ranges, named classes, classes within, and intersections with &amp;&amp;.</summary>
internal static class PatternClassReader
{
    private const int MaximumDepth = 50;

    public static CodePointSet Read(string pattern, ref int at, int depth = 0)
    {
        if (depth > MaximumDepth)
        {
            throw new PatternException($"it has classes within classes deeper than {MaximumDepth} levels");
        }

        at++;
        var isNegated = at < pattern.Length && pattern[at] == '^';
        at += isNegated ? 1 : 0;
        CodePointSet? left = null;
        var set = CodePointSet.Empty;
        for (var isFirst = true; ; isFirst = false)
        {
            if (at >= pattern.Length)
            {
                throw new PatternException("it has a '[' that is not closed");
            }

            if (pattern[at] == ']' && !isFirst)
            {
                at++;
                set = left?.Intersect(set) ?? set;
                return isNegated ? set.Complement() : set;
            }

            if (string.CompareOrdinal(pattern, at, "&&", 0, 2) == 0)
            {
                at += 2;
                left = left?.Intersect(set) ?? set;
                set = CodePointSet.Empty;
                continue;
            }

            set = set.Union(Item(pattern, ref at, depth));
        }
    }

    private static CodePointSet Item(string pattern, ref int at, int depth)
    {
        if (pattern[at] == '[')
        {
            return Posix(pattern, ref at) ?? Read(pattern, ref at, depth + 1);
        }

        var first = Element(pattern, ref at);
        if (Single(first) is not { } low || at + 1 >= pattern.Length || pattern[at] != '-' || pattern[at + 1] is ']' or '[')
        {
            return first;
        }

        var dash = at++;
        var second = Element(pattern, ref at);
        if (Single(second) is { } high)
        {
            return low <= high ? CodePointSet.Of((low, high)) : throw new PatternException("it has a range whose end is before its beginning");
        }

        at = dash + 1;
        return first.Union(CodePointSet.Of(('-', '-')));
    }

    private static CodePointSet Element(string pattern, ref int at)
    {
        if (pattern[at] == '\\')
        {
            var start = at;
            return PatternEscapes.Read(pattern, ref at) ?? (pattern[start + 1] == 'b' ? Backspace(ref at) : throw new PatternException($"it has the escape \\{pattern[start + 1]} in a class, which is not supported"));
        }

        var rune = Rune.TryGetRuneAt(pattern, at, out var found) ? found : throw new PatternException("it has half a surrogate pair");
        at += rune.Utf16SequenceLength;
        return CodePointSet.Of((rune.Value, rune.Value));
    }

    private static CodePointSet Backspace(ref int at)
    {
        at += 2;
        return CodePointSet.Of((8, 8));
    }

    private static CodePointSet? Posix(string pattern, ref int at)
    {
        var end = string.CompareOrdinal(pattern, at, "[:", 0, 2) == 0 ? pattern.IndexOf(":]", at, StringComparison.Ordinal) : -1;
        var name = end < 0 ? string.Empty : pattern[(at + 2)..end];
        if (end < 0 || !name.TrimStart('^').All(char.IsAsciiLetter))
        {
            return null;
        }

        at = end + 2;
        var set = PatternClasses.Posix(name.TrimStart('^'));
        return name.StartsWith('^') ? set.Complement() : set;
    }

    private static int? Single(CodePointSet set) => set.Ranges is [var (first, last)] && first == last ? first : null;
}
