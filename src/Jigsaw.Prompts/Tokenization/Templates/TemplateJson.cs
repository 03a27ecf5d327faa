using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Python's json.dumps, as transformers gives it to templates: no HTML escapes. Escapes belong to the character that they spell.</summary>
internal sealed class TemplateJson(MarkedTextBuilder builder, bool ensureAscii, MarkedText? indent, MarkedText itemSeparator, MarkedText keySeparator, bool sortKeys)
{
    public static MarkedText Write(object? value, bool ensureAscii = false, MarkedText? indent = null, MarkedText? itemSeparator = null, MarkedText? keySeparator = null, bool sortKeys = false)
    {
        var builder = new MarkedTextBuilder();
        new TemplateJson(
            builder,
            ensureAscii,
            indent,
            itemSeparator ?? MarkedText.Plain(indent is null ? ", " : ","),
            keySeparator ?? MarkedText.Plain(": "),
            sortKeys).Write(value, 0);
        return builder.ToText();
    }

    private void Write(object? value, int level)
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
                WriteText(text);
                break;
            case TemplateList list:
                WriteItems("[", list.Items, "]", level, item => Write(item, level + 1));
                break;
            case TemplateDictionary dictionary:
                WriteItems("{", sortKeys ? Sorted(dictionary) : dictionary.Entries, "}", level, entry =>
                {
                    WriteText(Key(entry.Key));
                    builder.Append(keySeparator);
                    Write(entry.Value, level + 1);
                });
                break;
            default:
                throw new TemplateException($"writes {TemplateKinds.Of(value)} as JSON{(value is TemplateIterator or TemplateView or TemplateRange ? "; make it a list first" : string.Empty)}");
        }

        TemplateWork.Leave();
    }

    private static IReadOnlyList<KeyValuePair<object?, object?>> Sorted(TemplateDictionary dictionary) =>
        [.. TemplateComparison.Sorted(dictionary.Entries.Select(entry => (entry.Key, (object?)entry)), reverse: false).Select(entry => (KeyValuePair<object?, object?>)entry!)];

    private static MarkedText Key(object? key) => MarkedScalar.Unwrap(key) switch
    {
        MarkedText text => text,
        null or bool or BigInteger or double => MarkedText.Of(Scalar(MarkedScalar.Unwrap(key)), MarkedScalar.MarkOf(key)),
        _ => throw new TemplateException($"writes JSON with {TemplateKinds.Of(key)} as a key"),
    };

    private static string Scalar(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        double.NaN => "NaN",
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        _ => TemplatePrinting.Scalar(value),
    };

    private void WriteItems<T>(string open, IReadOnlyList<T> items, string close, int level, Action<T> write)
    {
        builder.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            builder.Append(i == 0 ? MarkedText.Empty : itemSeparator);
            NewLine(level + 1);
            write(items[i]);
        }

        if (items.Count > 0)
        {
            NewLine(level);
        }

        builder.Append(close);
    }

    private void NewLine(int level)
    {
        if (indent is not null)
        {
            builder.Append("\n").Repeat(indent, level);
        }
    }

    private void WriteText(MarkedText text)
    {
        builder.Append("\"");
        foreach (var piece in text.Pieces())
        {
            var plain = piece.Start;
            for (var i = piece.Start; i < piece.End; i++)
            {
                if (Escape(text.Text[i]) is { } escape)
                {
                    builder.Append(text.Text.AsSpan(plain, i - plain), piece.Mark).Append(escape, piece.Mark);
                    plain = i + 1;
                }
            }

            builder.Append(text.Text.AsSpan(plain, piece.End - plain), piece.Mark);
        }

        TemplatePrinting.KeepEmpty(builder, text);
        builder.Append("\"");
    }

    private string? Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < ' ' => $"\\u{(int)c:x4}",
        > '~' when ensureAscii => $"\\u{(int)c:x4}",
        _ => null,
    };
}
