using System.Globalization;
using System.Numerics;
using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Numbers out of texts, as Python's int and float read them.</summary>
internal static class NumberParsing
{
    private const int MaximumDigits = 4300;

    // The separators U+001C to U+001F are white space to Python's texts, and not to its numbers.
    private static readonly string _space = new([.. TextCharacters.WhiteSpace.Where(c => c is < '\u001C' or > '\u001F')]);

    /// <summary>An integer; null where the text is none.</summary>
    public static BigInteger? Integer(string text, int numberBase)
    {
        var digits = Ascii(text);
        var negative = digits.StartsWith('-');
        digits = digits.Length > 0 && digits[0] is '+' or '-' ? digits[1..] : digits;
        if (digits.Length > 2 && digits[0] == '0' && BaseOf(digits[1]) is { } named && (numberBase == named || numberBase == 0))
        {
            (digits, numberBase) = (digits[2] == '_' ? digits[3..] : digits[2..], named);
        }
        else if (numberBase == 0)
        {
            numberBase = digits.TrimStart('0', '_').Length > 0 && digits.StartsWith('0') ? -1 : 10;
        }

        if (numberBase is < 2 or > 36 || digits.Length == 0 || digits[0] == '_' || digits[^1] == '_' || digits.Contains("__", StringComparison.Ordinal))
        {
            return null;
        }

        digits = digits.Replace("_", string.Empty, StringComparison.Ordinal);
        if (digits.Length > MaximumDigits)
        {
            throw new TemplateException($"reads an integer of more than {MaximumDigits:N0} digits");
        }

        var value = BigInteger.Zero;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetter(c) ? (c | 32) - 'a' + 10 : 99;
            if (digit >= numberBase)
            {
                return null;
            }

            TemplateWork.Spend(4 + (digits.Length / 64));
            value = (value * numberBase) + digit;
        }

        return negative ? -value : value;
    }

    /// <summary>A float; null where the text is none.</summary>
    public static double? Float(string text)
    {
        var ascii = Ascii(text);
        var bare = ascii.TrimStart('+', '-').ToLowerInvariant();
        if (ascii.Length - bare.Length <= 1 && bare is "inf" or "infinity" or "nan")
        {
            return bare == "nan" ? double.NaN : ascii.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
        }

        for (var i = 0; i < ascii.Length; i++)
        {
            if (ascii[i] == '_' && (i == 0 || i == ascii.Length - 1 || !char.IsAsciiDigit(ascii[i - 1]) || !char.IsAsciiDigit(ascii[i + 1])))
            {
                return null;
            }
        }

        ascii = ascii.Replace("_", string.Empty, StringComparison.Ordinal);
        TemplateWork.Spend(ascii.Length * 8);
        return ascii.Any(char.IsAsciiDigit)
            && double.TryParse(ascii, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
    }

    /// <summary>Without white space around it, and with the digits of all scripts as those of ASCII.</summary>
    private static string Ascii(string text)
    {
        var trimmed = text.AsSpan().Trim(_space);
        var ascii = new StringBuilder();
        foreach (var rune in trimmed.EnumerateRunes())
        {
            ascii.Append(Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber ? ((int)Rune.GetNumericValue(rune)).ToString(CultureInfo.InvariantCulture) : rune.ToString());
        }

        return ascii.ToString();
    }

    private static int? BaseOf(char letter) => (letter | 32) switch
    {
        'x' => 16,
        'o' => 8,
        'b' => 2,
        _ => null,
    };
}
