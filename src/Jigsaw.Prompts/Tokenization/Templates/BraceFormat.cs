using System.Globalization;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Python's str.format, with members read as the sandbox allows.</summary>
internal sealed class BraceFormat(TemplateInterpreter interpreter, TemplateArguments arguments, TemplateDictionary named, bool escapes)
{
    private const int MaximumNesting = 2;

    private int _automatic;
    private bool _numbered;

    public static MarkedText Apply(TemplateInterpreter interpreter, MarkedText format, TemplateArguments arguments, TemplateDictionary? named = null) =>
        new BraceFormat(interpreter, arguments, named ?? arguments.NamedValues(), format.IsMarkup).Run(format, MaximumNesting).AsMarkup(format.IsMarkup);

    private MarkedText Run(MarkedText format, int nesting)
    {
        if (nesting < 0)
        {
            throw new TemplateException("formats a text with places nested too deep");
        }

        var builder = new MarkedTextBuilder();
        var text = format.Text;
        for (var i = 0; i < text.Length;)
        {
            var brace = text.AsSpan(i).IndexOfAny('{', '}');
            var at = brace < 0 ? text.Length : i + brace;
            builder.Append(format, i, at);
            if (at + 1 < text.Length && text[at + 1] == text[at])
            {
                builder.Append(format, at, at + 1);
                i = at + 2;
            }
            else if (at < text.Length)
            {
                if (text[at] == '}')
                {
                    throw new TemplateException("formats a text with a single '}'");
                }

                var end = End(text, at + 1);
                builder.Append(Field(format, at + 1, end, nesting));
                i = end + 1;
            }
            else
            {
                i = at;
            }
        }

        return builder.ToText();
    }

    private static int End(string text, int at)
    {
        var depth = 1;
        for (; at < text.Length; at++)
        {
            depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return at;
            }
        }

        throw new TemplateException("formats a text with a '{' that is not closed");
    }

    private MarkedText Field(MarkedText format, int start, int end, int nesting)
    {
        var text = format.Text;
        var nameEnd = start;
        for (var bracket = false; nameEnd < end && (bracket || text[nameEnd] is not (':' or '!')); nameEnd++)
        {
            bracket = text[nameEnd] == '[' || (bracket && text[nameEnd] != ']');
        }

        var value = Value(text[start..nameEnd]);
        var at = nameEnd;
        if (at < end && text[at] == '!')
        {
            value = (at + 1 < end ? text[at + 1] : '\0') switch
            {
                'r' => TemplatePrinting.Represented(value),
                's' => TemplatePrinting.Text(value),
                'a' => PercentFormat.Representation(value, ascii: true),
                _ => throw new TemplateException("formats a value with an unknown conversion behind '!'"),
            };
            at += 2;
        }

        if (at < end && text[at] != ':')
        {
            throw new TemplateException("formats a value with something other than ':' behind its conversion");
        }

        var spec = at < end ? Run(format.Slice(at + 1, end), nesting - 1) : MarkedText.Empty;
        if (escapes && value is MarkedText { IsMarkup: true } markup)
        {
            return spec.Length == 0 ? markup : throw new TemplateException("formats a text that is safe in HTML with a specification");
        }

        if (spec.FirstMark.IsContent)
        {
            throw new TemplateException("makes a format specification of content, which marks can't follow");
        }

        var formatted = spec.Length == 0 ? TemplatePrinting.Text(value) : FormatSpec.Parse(spec.Text).Format(value);
        return escapes ? HtmlText.Escape(formatted) : formatted;
    }

    private object? Value(string field)
    {
        var end = field.AsSpan().IndexOfAny('.', '[');
        var first = end < 0 ? field : field[..end];
        object? value;
        if (first.Length == 0 || first.All(char.IsAsciiDigit))
        {
            if (first.Length == 0 ? _numbered : _automatic > 0)
            {
                throw new TemplateException("formats a text with places both numbered and not");
            }

            _numbered |= first.Length > 0;
            var index = first.Length == 0 ? _automatic++ : int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;
            value = index < arguments.Positional.Count ? arguments.Positional[index] : throw new TemplateException("formats a text with fewer values than it has places for");
        }
        else
        {
            value = named.TryGet(first, out var found) ? found : throw new TemplateException($"formats a text with '{first}', which was not given");
        }

        for (var at = first.Length; at < field.Length;)
        {
            var isMember = field[at] == '.';
            var close = isMember ? field.AsSpan(at + 1).IndexOfAny('.', '[') : field.AsSpan(at + 1).IndexOf(']');
            if (!isMember && (close < 0 || field[at] != '['))
            {
                throw new TemplateException("formats a text with a '[' that is not closed");
            }

            var name = close < 0 ? field[(at + 1)..] : field.Substring(at + 1, close);
            if (name.Length == 0)
            {
                throw new TemplateException("formats a text with an empty member name");
            }

            value = isMember ? TemplateMembers.Attribute(interpreter, value, MarkedText.Plain(name))
                : TemplateMembers.Item(interpreter, value, int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? new System.Numerics.BigInteger(index) : MarkedText.Plain(name));
            at += name.Length + (isMember ? 1 : 2);
        }

        return value;
    }
}
