using System.Globalization;
using System.Text;
using Jigsaw.Tokenization.Unicode;

namespace Jigsaw.Tokenization.Patterns;

/// <summary>Reads the escapes that stand for characters.</summary>
internal static class PatternEscapes
{
    /// <summary>The set that an escape stands for; null where it stands for none. The backslash is at the place.</summary>
    public static CodePointSet? Read(string pattern, ref int at)
    {
        if (at + 1 >= pattern.Length)
        {
            throw new PatternException("it ends with a backslash");
        }

        var c = pattern[at + 1];
        at += 2;
        switch (c)
        {
            case 'd':
                return PatternClasses.Digit;
            case 'D':
                return PatternClasses.Digit.Complement();
            case 's':
                return PatternClasses.Space;
            case 'S':
                return PatternClasses.Space.Complement();
            case 'w':
                return PatternClasses.Word;
            case 'W':
                return PatternClasses.Word.Complement();
            case 'h':
                return PatternClasses.HexadecimalDigit;
            case 'H':
                return PatternClasses.HexadecimalDigit.Complement();
            case 'p' or 'P' when at < pattern.Length && pattern[at] == '{':
                var end = pattern.IndexOf('}', at);
                var name = end < 0 ? throw new PatternException("it has a property without its '}'") : pattern[(at + 1)..end];
                at = end + 1;
                var set = PatternClasses.Property(name.TrimStart('^'));
                return name.StartsWith('^') != (c == 'P') ? set.Complement() : set;
            case 'n':
                return One('\n');
            case 't':
                return One('\t');
            case 'r':
                return One('\r');
            case 'f':
                return One('\f');
            case 'v':
                return One('\v');
            case 'a':
                return One('\a');
            case 'e':
                return One(0x1B);
            case 'x' when at < pattern.Length && pattern[at] == '{':
                var close = pattern.IndexOf('}', at);
                var digits = close < 0 ? throw new PatternException("it has an escape \\x{ without its '}'") : pattern[(at + 1)..close];
                at = close + 1;
                return Hexadecimal(digits);
            case 'x':
                return Hexadecimal(Digits(pattern, ref at, 2));
            case 'u':
                return Hexadecimal(Digits(pattern, ref at, 4));
            case '0':
                var octal = at;
                while (at < pattern.Length && at < octal + 2 && pattern[at] is >= '0' and <= '7')
                {
                    at++;
                }

                return One(at == octal ? 0 : Convert.ToInt32(pattern[octal..at], 8));
            case var letter when char.IsAsciiLetterOrDigit(letter):
                at -= 2;
                return null;
            default:
                at--;
                var rune = Rune.TryGetRuneAt(pattern, at, out var found) ? found : throw new PatternException("it has half a surrogate pair");
                at += rune.Utf16SequenceLength;
                return One(rune.Value);
        }
    }

    private static CodePointSet One(int codePoint) => CodePointSet.Of((codePoint, codePoint));

    private static string Digits(string pattern, ref int at, int most)
    {
        var start = at;
        while (at < pattern.Length && at < start + most && char.IsAsciiHexDigit(pattern[at]))
        {
            at++;
        }

        return pattern[start..at];
    }

    private static CodePointSet Hexadecimal(string digits) =>
        int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && code is >= 0 and <= CodePointSet.Maximum
            ? One(code)
            : throw new PatternException($"it has the code '{digits}', which is not a character's");
}
