using System.Globalization;
using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>How Python writes floats, and rounds them: correctly, a tie to the even digit.</summary>
internal static class FloatText
{
    private const int MaximumDigits = 2000;

    /// <summary>Python's repr: the shortest digits that read back.</summary>
    public static string Shortest(double number)
    {
        if (!double.IsFinite(number))
        {
            return NotFinite(number);
        }

        var (negative, digits, exponent) = Digits(number.ToString("E16", CultureInfo.InvariantCulture), number);
        var text = exponent is >= -4 and < 16 ? Positional(digits, exponent) : Scientific(digits, exponent, 'e');
        return (negative ? "-" : string.Empty) + (text.Contains('.', StringComparison.Ordinal) || text.Contains('e', StringComparison.Ordinal) ? text : text + ".0");
    }

    public static string NotFinite(double number) => double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";

    /// <summary>A finite number's magnitude with a number of digits behind the point, which may be negative.</summary>
    public static string Fixed(double number, int decimals)
    {
        var scaled = Scaled(Math.Abs(number), decimals).ToString(CultureInfo.InvariantCulture);
        if (decimals <= 0)
        {
            return scaled == "0" ? scaled : scaled + new string('0', -decimals);
        }

        scaled = scaled.PadLeft(decimals + 1, '0');
        return $"{scaled[..^decimals]}.{scaled[^decimals..]}";
    }

    /// <summary>A finite number's magnitude with one digit before the point, a number of digits behind it, and an exponent.</summary>
    public static string Exponential(double number, int decimals, char letter)
    {
        var (digits, exponent) = Significant(number, decimals + 1);
        return Scientific(digits, exponent, letter);
    }

    /// <summary>A finite number's magnitude with a number of significant digits, positional where that is short.</summary>
    /// <param name="number">The number.</param>
    /// <param name="significant">Digits.</param>
    /// <param name="letter"><c>e</c> or <c>E</c>.</param>
    /// <param name="keepZeros">True if zeros at the end stay.</param>
    /// <param name="limit">The exponent from which on it is exponential.</param>
    public static string General(double number, int significant, char letter, bool keepZeros, int? limit = null)
    {
        var (digits, exponent) = Significant(number, Math.Max(significant, 1));
        var kept = keepZeros ? digits : digits.TrimEnd('0') is { Length: > 0 } trimmed ? trimmed : "0";
        return exponent >= -4 && exponent < (limit ?? Math.Max(significant, 1)) ? Positional(kept, exponent) : Scientific(kept, exponent, letter);
    }

    /// <summary>Python's round of a float.</summary>
    public static double Rounded(double number, int decimals) =>
        !double.IsFinite(number) || decimals > 330 ? number
        : decimals < -330 ? Math.CopySign(0, number)
        : Math.CopySign(double.Parse(Fixed(number, decimals), CultureInfo.InvariantCulture), number);

    private static (string Digits, int Exponent) Significant(double number, int count)
    {
        Check(count);
        if (number == 0)
        {
            return (new string('0', count), 0);
        }

        var magnitude = Math.Abs(number);
        var exponent = (int)Math.Floor(Math.Log10(magnitude));
        exponent += BigInteger.Pow(10, 0) > Scaled(magnitude, -exponent, floor: true) ? -1 : Scaled(magnitude, -exponent, floor: true) >= 10 ? 1 : 0;
        var digits = Scaled(magnitude, count - 1 - exponent).ToString(CultureInfo.InvariantCulture);
        return digits.Length > count ? (digits[..count], exponent + 1) : (digits, exponent);
    }

    private static (bool Negative, string Digits, int Exponent) Digits(string seventeen, double number)
    {
        // The runtime's own shortest form, taken apart.
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        var negative = seventeen.StartsWith('-');
        text = text.TrimStart('-');
        var e = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = e < 0 ? text : text[..e];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = mantissa.Replace(".", string.Empty, StringComparison.Ordinal);
        exponent += (point < 0 ? mantissa.Length : point) - 1;
        var zeros = digits.Length - digits.TrimStart('0').Length;
        digits = digits.Trim('0');
        return digits.Length == 0 ? (negative, "0", 0) : (negative, digits, exponent - zeros);
    }

    private static string Positional(string digits, int exponent)
    {
        if (exponent < 0)
        {
            return $"0.{new string('0', -exponent - 1)}{digits}";
        }

        return digits.Length <= exponent + 1 ? digits.PadRight(exponent + 1, '0') : $"{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    private static string Scientific(string digits, int exponent, char letter) =>
        $"{digits[0]}{(digits.Length > 1 ? "." : string.Empty)}{digits[1..]}{letter}{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";

    /// <summary>number · 10^decimals as an integer.</summary>
    private static BigInteger Scaled(double number, int decimals, bool floor = false)
    {
        Check(Math.Abs(decimals));
        TemplateWork.Spend(2000);
        var bits = BitConverter.DoubleToInt64Bits(number);
        var exponent = (int)((bits >> 52) & 0x7FF);
        BigInteger numerator = (bits & 0xFFFFFFFFFFFFF) | (exponent == 0 ? 0 : 1L << 52);
        var power = Math.Max(exponent, 1) - 1075;
        var denominator = BigInteger.One;
        numerator *= BigInteger.Pow(10, Math.Max(decimals, 0));
        denominator *= BigInteger.Pow(10, Math.Max(-decimals, 0));
        numerator <<= Math.Max(power, 0);
        denominator <<= Math.Max(-power, 0);
        var quotient = BigInteger.DivRem(numerator, denominator, out var remainder);
        var twice = (remainder * 2).CompareTo(denominator);
        return !floor && (twice > 0 || (twice == 0 && !quotient.IsEven)) ? quotient + 1 : quotient;
    }

    private static void Check(int digits)
    {
        if (digits > MaximumDigits)
        {
            throw new TemplateException($"writes a number with more than {MaximumDigits:N0} digits");
        }
    }
}
