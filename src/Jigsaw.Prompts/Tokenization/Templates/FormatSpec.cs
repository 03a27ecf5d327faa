using System.Globalization;
using System.Numerics;
using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Python's format specification: <c>[[fill]align][sign][z][#][0][width][grouping][.precision][type]</c>.</summary>
internal sealed record FormatSpec
{
    private const int MaximumNumber = 1 << 26;

    public string Fill { get; init; } = " ";

    /// <summary><c>&lt;</c>, <c>&gt;</c>, <c>^</c>, <c>=</c>, or 0 where none was given.</summary>
    public char Align { get; init; }

    /// <summary>True if a number is filled up with zeros behind its sign.</summary>
    public bool FillsZeros { get; init; }

    /// <summary><c>+</c>, <c>-</c> or a space.</summary>
    public char Sign { get; init; } = '-';

    /// <summary>True if <see cref="Sign"/> was given.</summary>
    public bool IsSigned { get; init; }

    public bool Alternate { get; init; }

    public int Width { get; init; }

    /// <summary><c>,</c> or <c>_</c>, or 0.</summary>
    public char Grouping { get; init; }

    public int? Precision { get; init; }

    public char Type { get; init; }

    public static FormatSpec Parse(string spec)
    {
        var at = 0;
        var result = new FormatSpec();
        var hasFill = false;
        var fillSize = spec.Length > 0 ? (char.IsHighSurrogate(spec[0]) && spec.Length > 1 ? 2 : 1) : 0;
        if (spec.Length > fillSize && fillSize > 0 && spec[fillSize] is '<' or '>' or '=' or '^')
        {
            result = result with { Fill = spec[..fillSize], Align = spec[fillSize] };
            at = fillSize + 1;
            hasFill = true;
        }
        else if (spec.Length > 0 && spec[0] is '<' or '>' or '=' or '^')
        {
            result = result with { Align = spec[0] };
            at = 1;
        }

        if (at < spec.Length && spec[at] is '+' or '-' or ' ')
        {
            result = result with { Sign = spec[at++], IsSigned = true };
        }

        if (at < spec.Length && spec[at] == 'z')
        {
            at++;
        }

        if (at < spec.Length && spec[at] == '#')
        {
            result = result with { Alternate = true };
            at++;
        }

        if (at < spec.Length && spec[at] == '0')
        {
            result = hasFill ? result : result with { Fill = "0", FillsZeros = result.Align == 0 };
            at++;
        }

        result = result with { Width = Number(spec, ref at) ?? 0 };
        if (at < spec.Length && spec[at] is ',' or '_')
        {
            result = result with { Grouping = spec[at++] };
        }

        if (at < spec.Length && spec[at] == '.')
        {
            at++;
            result = result with { Precision = Number(spec, ref at) ?? throw Wrong(spec) };
        }

        if (at < spec.Length)
        {
            result = result with { Type = spec[at++] };
        }

        return at == spec.Length ? result : throw Wrong(spec);
    }

    public static int? Number(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return at == start ? null
            : at - start < 9 && int.Parse(text.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture) is < MaximumNumber and var number ? number
            : throw new TemplateException("formats a value to a width or precision that is too large");
    }

    /// <summary>Formats a value as Python's format does.</summary>
    public MarkedText Format(object? value)
    {
        var mark = MarkedScalar.MarkOf(value);
        switch (MarkedScalar.Unwrap(value))
        {
            case MarkedText text:
                return FormatText(text);
            case bool flag:
                return FormatInteger(flag ? BigInteger.One : BigInteger.Zero, mark);
            case BigInteger number:
                return FormatInteger(number, mark);
            case double number:
                return FormatFloat(number, mark, Type);
            default:
                throw new TemplateException($"formats {TemplateKinds.Of(value)} with a specification that is for texts and numbers");
        }
    }

    public MarkedText FormatText(MarkedText text)
    {
        if (Type is not ('\0' or 's') || Align == '=' || IsSigned || Grouping != 0 || Alternate)
        {
            throw new TemplateException("formats a text with a specification that is for numbers");
        }

        var cut = Precision is { } precision && precision < text.CodePoints ? text.SliceCodePoints(0, precision) : text;
        return Padded(cut, Align == 0 ? '<' : Align);
    }

    public MarkedText FormatInteger(BigInteger number, TextMark mark)
    {
        if (Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%')
        {
            return FormatFloat(TemplateNumbers.Float(number), mark, Type);
        }

        if (Precision is not null)
        {
            throw new TemplateException("formats an integer with a precision");
        }

        if (Type == 'c' && (IsSigned || Alternate))
        {
            throw new TemplateException("formats a character with a sign or '#'");
        }

        RequireGrouping(Type);
        if (Type == 'c')
        {
            return Padded(MarkedText.Of(Character(number), mark), Align == 0 ? '>' : Align);
        }

        var magnitude = BigInteger.Abs(number);
        var (digits, prefix) = Type switch
        {
            '\0' or 'd' or 'n' => (TemplatePrinting.Integer(magnitude), string.Empty),
            'x' => (Radix(magnitude, 4), "0x"),
            'X' => (Radix(magnitude, 4).ToUpperInvariant(), "0X"),
            'o' => (Radix(magnitude, 3), "0o"),
            'b' => (Radix(magnitude, 1), "0b"),
            _ => throw new TemplateException($"formats an integer with the unknown type '{Type}'"),
        };
        return Number(number.Sign < 0, Alternate ? prefix : string.Empty, digits, string.Empty, mark, Type is 'x' or 'X' or 'o' or 'b' ? 4 : 3);
    }

    public MarkedText FormatFloat(double number, TextMark mark, char type)
    {
        RequireGrouping(type);
        var negative = double.IsNegative(number) && !double.IsNaN(number);
        if (!double.IsFinite(number))
        {
            var name = FloatText.NotFinite(Math.Abs(number)) + (type == '%' ? "%" : string.Empty);
            return Number(negative, string.Empty, type is 'E' or 'F' or 'G' ? name.ToUpperInvariant() : name, string.Empty, mark, 3);
        }

        var text = type switch
        {
            'f' or 'F' => FloatText.Fixed(number, Precision ?? 6),
            'e' or 'E' => FloatText.Exponential(number, Precision ?? 6, type),
            '%' => FloatText.Fixed(number * 100, Precision ?? 6) + "%",
            'g' or 'n' => FloatText.General(number, Precision ?? 6, 'e', Alternate),
            'G' => FloatText.General(number, Precision ?? 6, 'E', Alternate),
            '\0' when Precision is null => FloatText.Shortest(Math.Abs(number)),
            '\0' => FloatText.General(number, Precision.Value, 'e', Alternate, Math.Max(Precision.Value - 1, 1)) is var general && general.Any(c => c is '.' or 'e') ? general : $"{general}.0",
            _ => throw new TemplateException($"formats a float with the unknown type '{type}'"),
        };
        var whole = 0;
        while (whole < text.Length && char.IsAsciiDigit(text[whole]))
        {
            whole++;
        }

        var rest = text[whole..];
        if (Alternate && !rest.Contains('.', StringComparison.Ordinal))
        {
            rest = "." + rest;
        }

        return Number(negative, string.Empty, text[..whole], rest, mark, 3);
    }

    public static string Character(BigInteger number) =>
        number.Sign >= 0 && number <= 0x10FFFF && Rune.IsValid((int)number) ? new Rune((int)number).ToString() : throw new TemplateException("writes a number as a character that there isn't");

    /// <summary>Digits are grouped in numbers whose type says nothing about their groups.</summary>
    private void RequireGrouping(char type)
    {
        if (type is 'n' or 'c' ? Grouping != 0 : type is 'b' or 'o' or 'x' or 'X' && Grouping == ',')
        {
            throw new TemplateException($"formats a number of the type '{type}' with '{Grouping}'");
        }
    }

    private static string Radix(BigInteger magnitude, int bits)
    {
        var digits = new StringBuilder();
        TemplateWork.Spend((long)magnitude.GetBitLength() * 8);
        do
        {
            digits.Insert(0, "0123456789abcdef"[(int)(magnitude & ((1 << bits) - 1))]);
            magnitude >>= bits;
        }
        while (!magnitude.IsZero);

        return digits.ToString();
    }

    private MarkedText Number(bool negative, string prefix, string digits, string rest, TextMark mark, int group)
    {
        var sign = negative ? "-" : Sign == '-' ? string.Empty : Sign.ToString();
        var align = FillsZeros ? '=' : Align == 0 ? '>' : Align;
        var zeros = Fill == "0" && align == '=' ? Width - sign.Length - prefix.Length - rest.Length : 0;
        var body = Grouping == 0 ? digits.PadLeft(Math.Max(zeros, 0), '0') : Grouped(digits, zeros, group);
        TemplateWork.SpendText(body.Length);
        var text = MarkedText.Of(sign + prefix + body + rest, mark);
        if (align != '=')
        {
            return Padded(text, align);
        }

        var missing = Width - text.CodePoints;
        var builder = new MarkedTextBuilder();
        builder.Append(sign + prefix, mark).Repeat(MarkedText.Plain(Fill), missing).Append(body + rest, mark);
        return missing > 0 ? builder.ToText() : text;
    }

    private string Grouped(string digits, int width, int group)
    {
        var text = new StringBuilder();
        var count = 0;
        for (var i = digits.Length - 1; i >= 0 || text.Length < width; i--)
        {
            if (count > 0 && count % group == 0)
            {
                text.Append(Grouping);
            }

            TemplateWork.Spend(2);
            text.Append(i >= 0 ? digits[i] : '0');
            count++;
        }

        var array = text.ToString().ToCharArray();
        Array.Reverse(array);
        return new string(array);
    }

    private MarkedText Padded(MarkedText text, char align)
    {
        var missing = Width - text.CodePoints;
        if (missing <= 0)
        {
            return text;
        }

        var left = align switch { '<' => 0, '^' => missing / 2, _ => missing };
        var fill = MarkedText.Plain(Fill);
        return new MarkedTextBuilder().Repeat(fill, left).Append(text).Repeat(fill, missing - left).ToText();
    }

    private static TemplateException Wrong(string spec) => new($"formats a value with '{spec}', which is not a format specification");
}
