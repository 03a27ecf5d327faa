namespace Jigsaw.Tokenization.Templates;

/// <summary>Python's pprint.pformat: dictionaries sorted by key, lines of at most 80 characters.</summary>
internal sealed class PrettyPrinting
{
    private const int Width = 80;

    private readonly MarkedTextBuilder _builder = new();

    public static MarkedText Print(object? value)
    {
        var printing = new PrettyPrinting();
        printing.Write(Sorted(value), 0, 0, 0);
        return printing._builder.ToText();
    }

    /// <summary>The value with all dictionaries in it sorted.</summary>
    private static object? Sorted(object? value)
    {
        TemplateWork.Enter();
        object? sorted = value;
        if (value is TemplateList list)
        {
            sorted = new TemplateList(TemplateList.Of(list.Items.Select(Sorted)).Items, list.IsTuple);
        }
        else if (value is TemplateDictionary dictionary)
        {
            var copy = new TemplateDictionary();
            foreach (var entry in TemplateComparison.Sorted(dictionary.Entries.Select(entry => ((object?)SortKey(entry.Key), (object?)entry)), reverse: false))
            {
                var (key, item) = (KeyValuePair<object?, object?>)entry!;
                copy.Set(key, Sorted(item));
            }

            sorted = copy;
        }

        TemplateWork.Leave();
        return sorted;
    }

    /// <summary>Keys of different kinds stand by the names of their kinds.</summary>
    private static TemplateList SortKey(object? key) => MarkedScalar.Unwrap(key) switch
    {
        MarkedText text => TemplateList.Tuple(MarkedText.Plain("str"), text),
        bool or System.Numerics.BigInteger or double => TemplateList.Tuple(MarkedText.Plain("number"), key),
        TemplateList list => TemplateList.Tuple(MarkedText.Plain("tuple"), list),
        _ => TemplateList.Tuple(MarkedText.Plain("none")),
    };

    private void Write(object? value, int indent, int allowance, int level)
    {
        var text = TemplatePrinting.Represented(value);
        if (text.CodePoints <= Width - indent - allowance)
        {
            _builder.Append(text);
            return;
        }

        TemplateWork.Enter();
        switch (value)
        {
            case TemplateDictionary dictionary:
                _builder.Append("{");
                WriteAll(dictionary.Entries, indent + 1, allowance + 1, (entry, within) =>
                {
                    var key = TemplatePrinting.Represented(entry.Key);
                    _builder.Append(key).Append(": ");
                    Write(entry.Value, indent + 1 + key.CodePoints + 2, within, level + 1);
                });
                _builder.Append("}");
                break;
            case TemplateList list:
                var close = !list.IsTuple ? "]" : list.Items.Count == 1 ? ",)" : ")";
                _builder.Append(list.IsTuple ? "(" : "[");
                WriteAll(list.Items, indent + 1, allowance + close.Length, (item, within) => Write(item, indent + 1, within, level + 1));
                _builder.Append(close);
                break;
            case MarkedText { Length: > 0, IsMarkup: false } longText:
                WriteText(longText, indent, allowance, level + 1);
                break;
            default:
                _builder.Append(text);
                break;
        }

        TemplateWork.Leave();
    }

    private void WriteAll<T>(IReadOnlyList<T> items, int indent, int allowance, Action<T, int> write)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
            {
                _builder.Append(",\n").Repeat(' ', indent);
            }

            write(items[i], i == items.Count - 1 ? allowance : 1);
        }
    }

    private void WriteText(MarkedText text, int indent, int allowance, int level)
    {
        if (level == 1)
        {
            indent++;
            allowance++;
        }

        var chunks = new List<MarkedText>();
        var lines = TextMethods.SplitLines(text, keepEnds: true).ToList();
        var first = Width - indent;
        for (var i = 0; i < lines.Count; i++)
        {
            var isLast = i == lines.Count - 1;
            first -= isLast ? allowance : 0;
            var whole = TemplatePrinting.Represented(lines[i]);
            if (whole.CodePoints <= first)
            {
                chunks.Add(whole);
                continue;
            }

            var width = Width - indent;
            var current = MarkedText.Empty;
            var parts = Words(lines[i]).ToList();
            for (var j = 0; j < parts.Count; j++)
            {
                var candidate = MarkedTextBuilder.Concat(current, parts[j]);
                width -= isLast && j == parts.Count - 1 ? allowance : 0;
                if (TemplatePrinting.Represented(candidate).CodePoints > width)
                {
                    if (current.Length > 0)
                    {
                        chunks.Add(TemplatePrinting.Represented(current));
                    }

                    current = parts[j];
                }
                else
                {
                    current = candidate;
                }
            }

            if (current.Length > 0)
            {
                chunks.Add(TemplatePrinting.Represented(current));
            }
        }

        if (chunks.Count == 1)
        {
            _builder.Append(TemplatePrinting.Represented(lines[^1]));
            return;
        }

        _builder.Append(level == 1 ? "(" : string.Empty);
        for (var i = 0; i < chunks.Count; i++)
        {
            if (i > 0)
            {
                _builder.Append("\n").Repeat(' ', indent);
            }

            _builder.Append(chunks[i]);
        }

        _builder.Append(level == 1 ? ")" : string.Empty);
    }

    /// <summary>Words with the white space behind them.</summary>
    private static IEnumerable<MarkedText> Words(MarkedText line)
    {
        for (var at = 0; at < line.Length;)
        {
            var start = at;
            while (at < line.Length && !TextCharacters.IsSpace(line.Text[at]))
            {
                at++;
            }

            while (at < line.Length && TextCharacters.IsSpace(line.Text[at]))
            {
                at++;
            }

            yield return line.Slice(start, at);
        }
    }
}
