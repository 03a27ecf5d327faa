using System.Globalization;
using System.Numerics;
using System.Text;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Python's str and repr. What has no text of its own (a generator, a function) is refused: Python writes its address.</summary>
internal static class TemplatePrinting
{
    private const int MaximumDigits = 4300;

    public static MarkedText Text(object? value) => value switch
    {
        MarkedText { IsMarkup: true } markup => markup.AsMarkup(false),
        MarkedText text => text,
        TemplateUndefined => MarkedText.Empty,
        _ => Represented(value),
    };

    /// <summary>Text, but one that is safe in HTML stays so.</summary>
    public static MarkedText Soft(object? value) => value as MarkedText ?? Text(value);

    public static MarkedText Represented(object? value)
    {
        var builder = new MarkedTextBuilder();
        Represent(builder, value);
        return builder.ToText();
    }

    public static void Represent(MarkedTextBuilder builder, object? value)
    {
        TemplateWork.Spend(4);
        TemplateWork.Enter();
        switch (value)
        {
            case MarkedScalar scalar:
                builder.Append(Scalar(scalar.Value), scalar.Mark);
                break;
            case null or bool or BigInteger or double:
                builder.Append(Scalar(value));
                break;
            case MarkedText text:
                RepresentText(builder, text, text.IsMarkup);
                break;
            case TemplateUndefined:
                builder.Append("Undefined");
                break;
            case TemplateList { IsTuple: true } tuple:
                Items(builder, tuple.Items, "(", tuple.Items.Count == 1 ? ",)" : ")");
                break;
            case TemplateList list:
                Items(builder, list.Items, "[", "]");
                break;
            case TemplateDictionary dictionary:
                Entries(builder, dictionary);
                break;
            case TemplateView view:
                Items(builder, view.Items, $"dict_{view.Kind}([", "])");
                break;
            case TemplateRange range:
                builder.Append($"range({range.Start}, {range.Stop}{(range.Step.IsOne ? string.Empty : $", {range.Step}")})");
                break;
            case TemplateNamespace space:
                builder.Append("<Namespace ");
                Entries(builder, space.Values);
                builder.Append(">");
                break;
            case TemplateLoop loop:
                builder.Append($"<LoopContext {loop.Index0 + 1}/{loop.Count}>");
                break;
            case TemplateMacro macro:
                builder.Append($"<Macro '{macro.Name}'>");
                break;
            default:
                throw new TemplateException($"writes {TemplateKinds.Of(value)}, which has no text; {(value is TemplateIterator ? "make it a list first" : "call it")}");
        }

        TemplateWork.Leave();
    }

    public static string Scalar(object? value) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        BigInteger number => Integer(number),
        _ => FloatText.Shortest((double)value),
    };

    public static string Integer(BigInteger number)
    {
        const double digitsPerBit = 0.30103;
        TemplateWork.Spend(number.GetBitLength());
        return number.GetBitLength() * digitsPerBit > MaximumDigits + 1
            ? throw new TemplateException($"writes an integer of more than {MaximumDigits:N0} digits")
            : number.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Python's repr of a text. An escape belongs to the character that it spells.</summary>
    public static void RepresentText(MarkedTextBuilder builder, MarkedText text, bool isMarkup = false, bool ascii = false)
    {
        var quote = text.Text.Contains('\'', StringComparison.Ordinal) && !text.Text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        builder.Append(isMarkup ? "Markup(" : string.Empty).Append(quote.ToString());
        foreach (var piece in text.Pieces())
        {
            for (var i = piece.Start; i < piece.End;)
            {
                var size = text.SizeAt(i);
                var rune = Rune.GetRuneAt(text.Text, i);
                i += size;
                builder.Append(
                    rune.Value switch
                    {
                        '\\' => "\\\\",
                        '\n' => "\\n",
                        '\r' => "\\r",
                        '\t' => "\\t",
                        var c when c == quote => $"\\{quote}",
                        _ when (rune.IsAscii && rune.Value is >= ' ' and < 127) || (!rune.IsAscii && !ascii && TextCharacters.IsPrintable(rune)) => rune.ToString(),
                        < 0x100 => $"\\x{rune.Value:x2}",
                        < 0x10000 => $"\\u{rune.Value:x4}",
                        _ => $"\\U{rune.Value:x8}",
                    },
                    piece.Mark);
            }
        }

        KeepEmpty(builder, text);
        builder.Append(quote.ToString()).Append(isMarkup ? ")" : string.Empty);
    }

    /// <summary>Keeps the place of an empty content.</summary>
    public static void KeepEmpty(MarkedTextBuilder builder, MarkedText text)
    {
        if (text.Length == 0)
        {
            builder.Append(text);
        }
    }

    private static void Items(MarkedTextBuilder builder, IEnumerable<object?> items, string open, string close)
    {
        builder.Append(open);
        var first = true;
        foreach (var item in items)
        {
            builder.Append(first ? string.Empty : ", ");
            first = false;
            Represent(builder, item);
        }

        builder.Append(close);
    }

    private static void Entries(MarkedTextBuilder builder, TemplateDictionary dictionary)
    {
        builder.Append("{");
        var first = true;
        foreach (var (key, value) in dictionary.Entries)
        {
            builder.Append(first ? string.Empty : ", ");
            first = false;
            Represent(builder, key);
            builder.Append(": ");
            Represent(builder, value);
        }

        builder.Append("}");
    }
}
