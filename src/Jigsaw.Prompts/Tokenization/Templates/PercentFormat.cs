using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Python's formatting of a text with <c>%</c>.</summary>
internal sealed class PercentFormat
{
    private readonly MarkedText _format;
    private readonly object? _arguments;
    private readonly MarkedTextBuilder _builder = new();
    private int _at;
    private int _next;

    private PercentFormat(MarkedText format, object? arguments)
    {
        _format = format;
        _arguments = arguments;
    }

    public static MarkedText Apply(MarkedText format, object? arguments) => new PercentFormat(format, MarkedScalar.Unwrap(arguments) is null or bool or BigInteger or double ? arguments : MarkedScalar.Unwrap(arguments)).Run();

    private MarkedText Run()
    {
        var text = _format.Text;
        while (_at < text.Length)
        {
            var percent = text.IndexOf('%', _at);
            if (percent < 0)
            {
                percent = text.Length;
            }

            _builder.Append(_format, _at, percent);
            _at = percent;
            if (_at < text.Length)
            {
                _at++;
                Field();
            }
        }

        if (_arguments is TemplateList { IsTuple: true } tuple ? _next < tuple.Items.Count : _next == 0 && _arguments is not (TemplateDictionary or TemplateList or TemplateRange or TemplateUndefined))
        {
            throw new TemplateException("formats a text with more values than it has places for");
        }

        return _builder.ToText(_format.IsMarkup);
    }

    private void Field()
    {
        object? value = BoundArguments.Missing;
        var text = _format.Text;
        if (Current == '(')
        {
            value = Named();
        }

        var flags = string.Empty;
        while (Current is '#' or '0' or '-' or ' ' or '+')
        {
            flags += text[_at++];
        }

        var width = NumberOrArgument() ?? 0;
        if (width < 0)
        {
            (flags, width) = (flags + "-", -width);
        }

        int? precision = null;
        if (Current == '.')
        {
            _at++;
            precision = Math.Max(NumberOrArgument() ?? 0, 0);
        }

        while (Current is 'h' or 'l' or 'L')
        {
            _at++;
        }

        if (_at >= text.Length)
        {
            throw new TemplateException("formats a text that ends within a place for a value");
        }

        var type = text[_at++];
        if (type == '%')
        {
            _builder.Append(_format, _at - 1, _at);
            return;
        }

        Write(value == BoundArguments.Missing ? Next() : value, type, flags, width, precision);
    }

    private char Current => _at < _format.Text.Length ? _format.Text[_at] : '\0';

    private void Write(object? value, char type, string flags, int width, int? precision)
    {
        var spec = new FormatSpec { Width = width, Align = flags.Contains('-') ? '<' : '>', Sign = flags.Contains('+') ? '+' : flags.Contains(' ') ? ' ' : '-' };
        if (type is 's' or 'r' or 'a' or 'c')
        {
            var text = type switch
            {
                's' => TemplatePrinting.Text(value),
                'c' => Character(value),
                _ => Representation(value, type == 'a'),
            };
            text = _format.IsMarkup && value is not MarkedText { IsMarkup: true } ? HtmlText.Escape(text) : text;
            _builder.Append((spec with { Sign = '-', Precision = type == 'c' ? null : precision }).FormatText(text));
            return;
        }

        if (flags.Contains('0') && !flags.Contains('-'))
        {
            spec = spec with { Fill = "0", Align = '=' };
        }

        spec = spec with { Alternate = flags.Contains('#') };
        var mark = MarkedScalar.MarkOf(value);
        switch (type)
        {
            case 'd' or 'i' or 'u':
                _builder.Append(Digits(Truncated(value, type), precision, spec with { Type = 'd', Alternate = false }, mark));
                break;
            case 'x' or 'X' or 'o':
                var integer = TemplateNumbers.Integer(value) ?? throw new TemplateException($"formats {TemplateKinds.Of(value)} with %{type}, which is for integers");
                _builder.Append(Digits(integer, precision, spec with { Type = type }, mark));
                break;
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                if (!TemplateNumbers.IsNumber(value))
                {
                    throw new TemplateException($"formats {TemplateKinds.Of(value)} with %{type}, which is for numbers");
                }

                _builder.Append((spec with { Precision = precision }).FormatFloat(TemplateNumbers.Float(value), mark, type));
                break;
            default:
                throw new TemplateException($"formats a text with the unknown place '%{type}'");
        }
    }

    private static MarkedText Digits(BigInteger number, int? precision, FormatSpec spec, TextMark mark)
    {
        if (precision is not { } digits)
        {
            return spec.FormatInteger(number, mark);
        }

        var bare = (spec with { Width = 0, Sign = '-', Alternate = false, Fill = " ", Align = '>' }).FormatInteger(BigInteger.Abs(number), default).Text;
        var sign = number.Sign < 0 ? "-" : spec.Sign == '-' ? string.Empty : spec.Sign.ToString();
        var prefix = spec.Alternate ? $"0{spec.Type}" : string.Empty;
        TemplateWork.SpendText(digits);
        var text = MarkedText.Of(sign + prefix + bare.PadLeft(digits, '0'), mark);
        if (spec.Fill != "0")
        {
            return new FormatSpec { Width = spec.Width, Align = spec.Align }.FormatText(text);
        }

        return MarkedText.Of(sign + prefix + bare.PadLeft(Math.Max(digits, spec.Width - sign.Length - prefix.Length), '0'), mark);
    }

    private static BigInteger Truncated(object? value, char type) => MarkedScalar.Unwrap(value) switch
    {
        double number when double.IsFinite(number) => new BigInteger(number),
        var other => TemplateNumbers.Integer(other) ?? throw new TemplateException($"formats {TemplateKinds.Of(value)} with %{type}, which is for numbers"),
    };

    private static MarkedText Character(object? value) => value switch
    {
        MarkedText { CodePoints: 1 } text => text,
        _ when TemplateNumbers.Integer(value) is { } number => MarkedText.Of(FormatSpec.Character(number), MarkedScalar.MarkOf(value)),
        _ => throw new TemplateException($"formats {TemplateKinds.Of(value)} with %c, which is for a character"),
    };

    public static MarkedText Representation(object? value, bool ascii)
    {
        var represented = TemplatePrinting.Represented(value);
        if (!ascii)
        {
            return represented;
        }

        var builder = new MarkedTextBuilder();
        foreach (var piece in represented.Pieces())
        {
            for (var i = piece.Start; i < piece.End; i += represented.SizeAt(i))
            {
                var code = char.ConvertToUtf32(represented.Text, i);
                builder.Append(code < 128 ? ((char)code).ToString() : code < 0x100 ? $"\\x{code:x2}" : code < 0x10000 ? $"\\u{code:x4}" : $"\\U{code:x8}", piece.Mark);
            }
        }

        return builder.ToText();
    }

    private object? Named()
    {
        var text = _format.Text;
        var (depth, start) = (1, ++_at);
        while (_at < text.Length && depth > 0)
        {
            depth += text[_at] == '(' ? 1 : text[_at] == ')' ? -1 : 0;
            _at++;
        }

        if (depth > 0)
        {
            throw new TemplateException("formats a text with a name that has no ')'");
        }

        var name = text[start..(_at - 1)];
        _next = 1;
        return _arguments is TemplateDictionary dictionary
            ? dictionary.TryGet(name, out var value) ? value : throw new TemplateException($"formats a text with '{name}', which the dictionary doesn't have")
            : throw new TemplateException("formats a text with a name, but with values that are not a dictionary");
    }

    private int? NumberOrArgument()
    {
        if (Current != '*')
        {
            return FormatSpec.Number(_format.Text, ref _at);
        }

        _at++;
        return TemplateNumbers.Integer(Next()) is { } number && BigInteger.Abs(number) < TemplateWork.MaximumLength
            ? (int)number
            : throw new TemplateException("formats a value to a width that is not a small integer");
    }

    private object? Next()
    {
        if (_arguments is TemplateList { IsTuple: true } tuple)
        {
            return _next < tuple.Items.Count ? tuple.Items[_next++] : throw new TemplateException("formats a text with fewer values than it has places for");
        }

        return _next++ == 0 ? _arguments : throw new TemplateException("formats a text with fewer values than it has places for");
    }
}
