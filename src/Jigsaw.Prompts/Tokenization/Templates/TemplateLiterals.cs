using System.Globalization;
using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>The texts and numbers of a template's source, as Jinja reads them.</summary>
internal static class TemplateLiterals
{
    private const string Simple = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v\n";

    /// <summary>What stands between quotes, with Python's escapes (unicode-escape) resolved.</summary>
    public static string Text(string source)
    {
        var text = new StringBuilder();
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] != '\\' || i + 1 == source.Length)
            {
                text.Append(source[i]);
                continue;
            }

            i++;
            var c = source[i];
            if (c == '\n')
            {
                continue;
            }

            if (c is >= '0' and <= '7')
            {
                var end = i;
                while (end < source.Length && end < i + 3 && source[end] is >= '0' and <= '7')
                {
                    end++;
                }

                text.Append((char)Convert.ToInt32(source[i..end], 8));
                i = end - 1;
            }
            else if (c is 'x' or 'u' or 'U')
            {
                var digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
                text.Append(Escaped(source, i + 1, digits));
                i += digits;
            }
            else if (Simple.IndexOf(c, StringComparison.Ordinal) is >= 0 and var at && at % 2 == 0)
            {
                text.Append(Simple[at + 1]);
            }
            else if (c == 'N')
            {
                throw new TemplateException("has an escape \\N, which names a character; write the character");
            }
            else if (c < 128)
            {
                text.Append('\\').Append(c);
            }
            else
            {
                // Jinja spells such a character as an escape first, and the backslash before it then escapes that one's.
                var rune = Rune.GetRuneAt(source, i);
                text.Append(CultureInfo.InvariantCulture, $"\\{(rune.Value < 0x100 ? $"x{rune.Value:x2}" : rune.IsBmp ? $"u{rune.Value:x4}" : $"U{rune.Value:x8}")}");
                i += rune.Utf16SequenceLength - 1;
            }
        }

        return text.ToString();
    }

    /// <summary>How long the number at a place is; 0 where none is.</summary>
    public static int Number(string source, int at, out bool isFloat)
    {
        isFloat = false;
        var whole = Digits(source, at, char.IsAsciiDigit);
        if (whole == 0)
        {
            return 0;
        }

        if (at == 0 || source[at - 1] != '.')
        {
            var end = at + whole;
            var fraction = end < source.Length && source[end] == '.' ? Digits(source, end + 1, char.IsAsciiDigit) : 0;
            end += fraction > 0 ? fraction + 1 : 0;
            var exponent = end < source.Length && source[end] is 'e' or 'E' ? (end + 1 < source.Length && source[end + 1] is '+' or '-' ? 2 : 1) : 0;
            var power = exponent > 0 ? Digits(source, end + exponent, char.IsAsciiDigit) : 0;
            isFloat = fraction > 0 || power > 0;
            if (isFloat)
            {
                return end + (power > 0 ? exponent + power : 0) - at;
            }
        }

        if (source[at] != '0')
        {
            return whole;
        }

        var letter = at + 1 < source.Length ? source[at + 1] | 32 : 0;
        var start = at + 2 < source.Length && source[at + 2] == '_' ? at + 3 : at + 2;
        var prefixed = letter switch
        {
            'x' => Digits(source, start, char.IsAsciiHexDigit),
            'o' => Digits(source, start, c => c is >= '0' and <= '7'),
            'b' => Digits(source, start, c => c is '0' or '1'),
            _ => 0,
        };
        return prefixed > 0 ? start - at + prefixed : Digits(source, at, c => c == '0');
    }

    /// <summary>How many digits are there, with single underscores between.</summary>
    private static int Digits(string source, int at, Func<char, bool> isDigit)
    {
        var end = at;
        while (end < source.Length && (isDigit(source[end]) || (source[end] == '_' && end > at && end + 1 < source.Length && isDigit(source[end + 1]))))
        {
            end++;
        }

        return end - at;
    }

    private static string Escaped(string source, int at, int digits) =>
        at + digits <= source.Length && int.TryParse(source.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && Rune.IsValid(code)
            ? new Rune(code).ToString()
            : throw new TemplateException("has an escape in a text that is not a character");
}
