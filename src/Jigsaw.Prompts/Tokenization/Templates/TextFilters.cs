using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Jinja's filters for texts.</summary>
internal static class TextFilters
{
    private static readonly string[] _decimalSizes = ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    private static readonly string[] _binarySizes = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];

    public static IEnumerable<TemplateFunction> All { get; } =
    [
        Spelled("capitalize", TextCases.Capitalize),
        Spelled("lower", TextCases.Lower),
        Spelled("upper", TextCases.Upper),
        Spelled("title", TextCases.TitleOfWords),
        new("trim", "value, chars?", (_, a) => TextMethods.Strip(Soft(a), a.HasValue(1) ? a.Text(1).Text : null).AsMarkup(Soft(a).IsMarkup)),
        new("center", "value, width?", (_, a) => TextMethods.Center(Soft(a), a.Count(1, 80), MarkedText.Plain(" "))),
        new("replace", "s, old, new, count?", (t, a) => Replace(t, a)),
        new("string", "object, /", (_, a) => Soft(a)),
        new("safe", "value", (_, a) => TemplatePrinting.Soft(a[0]).AsMarkup()),
        new("escape", "s, /", (_, a) => HtmlText.Escape(a[0])),
        new("e", "s, /", (_, a) => HtmlText.Escape(a[0])),
        new("forceescape", "value", (_, a) => HtmlText.Escape(TemplatePrinting.Text(a[0]))),
        new("striptags", "value", (_, a) => HtmlText.StripTags(TemplatePrinting.Text(a[0]))),
        new("urlencode", "value", (_, a) => UrlEncode(a[0])),
        new("urlize", "value, trim_url_limit?, nofollow?, target?, rel?, extra_schemes?", (t, a) => UrlText.Urlize(a).AsMarkup(t.Autoescape)),
        new("indent", "s, width?, first?, blank?", (_, a) => Indent(a)),
        new("truncate", "s, length?, killwords?, end?, leeway?", (_, a) => Truncate(a)),
        new("wordwrap", "s, width?, break_long_words?, wrapstring?, break_on_hyphens?", (_, a) => WordWrapping.Wrap(
            a.Text(0), a.Count(1, 79), a.IsTrue(2, true), a.HasValue(3) ? a.Text(3) : MarkedText.Plain("\n"), a.IsTrue(4, true))),
        new("wordcount", "s", (_, a) => WordCount(Soft(a).Text)),
        new("format", "value, *", (_, a) => Format(a)),
        new("xmlattr", "d, autospace?", (t, a) => XmlAttributes(a).AsMarkup(t.Autoescape)),
        new("tojson", "x, ensure_ascii?, indent?, separators?, sort_keys?", (_, a) => Json(a)),
        new("pprint", "value", (_, a) => PrettyPrinting.Print(a[0])),
        new("filesizeformat", "value, binary?", (_, a) => MarkedText.Of(FileSize(Number(a, 0), a.IsTrue(1)), NumberMark(a[0]))),
    ];

    private static TemplateFunction Spelled(string name, Func<MarkedText, MarkedText> spell) => new(name, "s", (_, a) => spell(Soft(a)).AsMarkup(Soft(a).IsMarkup));

    private static MarkedText Soft(BoundArguments arguments) => TemplatePrinting.Soft(arguments[0]);

    /// <summary>The mark of a number, or of a text that is read as one.</summary>
    public static TextMark NumberMark(object? value) => value is MarkedText text ? text.FirstMark : MarkedScalar.MarkOf(value);

    private static double Number(BoundArguments arguments, int index) => arguments[index] is MarkedText text
        ? NumberParsing.Float(text.Text) ?? throw arguments.Wrong(index, "a number")
        : TemplateNumbers.Float(arguments[index]);

    private static MarkedText Replace(TemplateInterpreter interpreter, BoundArguments arguments)
    {
        var count = arguments.HasValue(3) ? arguments.Count(3) : -1;
        if (!interpreter.Autoescape)
        {
            return TextMethods.Replace(TemplatePrinting.Text(arguments[0]), TemplatePrinting.Text(arguments[1]), TemplatePrinting.Text(arguments[2]), count);
        }

        var text = TemplatePrinting.Soft(arguments[0]);
        text = arguments[1] is MarkedText { IsMarkup: true } || (arguments[2] is MarkedText { IsMarkup: true } && !text.IsMarkup) ? HtmlText.Escape(text) : text;
        var with = text.IsMarkup ? HtmlText.Escape(arguments[2]) : TemplatePrinting.Soft(arguments[2]);
        return TextMethods.Replace(text, TemplatePrinting.Soft(arguments[1]), with, count).AsMarkup(text.IsMarkup);
    }

    private static MarkedText UrlEncode(object? value)
    {
        if (value is MarkedText || TemplateKinds.TryItems(value) is not { } items)
        {
            return TextCases.UrlQuote(TemplatePrinting.Text(value), forQuery: false);
        }

        items = value is TemplateDictionary dictionary ? new TemplateView(dictionary, "items").Items : items;
        return MarkedTextBuilder.Join(MarkedText.Plain("&"), items.Select(item =>
        {
            var pair = TemplateKinds.List(item);
            return pair.Count == 2
                ? MarkedTextBuilder.Concat(TextCases.UrlQuote(TemplatePrinting.Text(pair[0]), true), MarkedText.Plain("="), TextCases.UrlQuote(TemplatePrinting.Text(pair[1]), true))
                : throw new TemplateException("gives 'urlencode' items that are not pairs");
        }));
    }

    private static MarkedText Indent(BoundArguments arguments)
    {
        var text = arguments[0] is TemplateUndefined undefined ? throw undefined.Error() : arguments.Text(0);
        var indention = !arguments.Has(1) ? MarkedText.Plain("    ") : arguments[1] as MarkedText ?? new MarkedTextBuilder().Repeat(' ', arguments.Count(1)).ToText();
        var newLine = MarkedText.Plain("\n");
        var (first, blank) = (arguments.IsTrue(2), arguments.IsTrue(3));
        var lines = TextMethods.SplitLines(MarkedTextBuilder.Concat(text, newLine));
        var indented = lines.Select((line, i) => i > 0 && (blank || line.Length > 0) ? MarkedTextBuilder.Concat(indention, line) : line);
        var result = MarkedTextBuilder.Join(newLine, indented);
        return (first ? MarkedTextBuilder.Concat(indention, result) : result).AsMarkup(text.IsMarkup);
    }

    private static object? Truncate(BoundArguments arguments)
    {
        if (arguments[0] is not MarkedText && TemplateKinds.TryLength(arguments[0]) <= arguments.Count(1, 255))
        {
            return arguments[0];
        }

        var text = arguments.Text(0);
        var end = arguments.Has(3) ? arguments.Text(3) : MarkedText.Plain("...");
        var (length, leeway) = (arguments.Count(1, 255), arguments.HasValue(4) ? arguments.Count(4) : 5);
        if (length < end.CodePoints || leeway < 0)
        {
            throw new TemplateException("truncates a text to less than the length of the mark at its end, or with a negative leeway");
        }

        if (text.CodePoints <= length + leeway)
        {
            return text;
        }

        var kept = text.SliceCodePoints(0, length - end.CodePoints);
        return MarkedTextBuilder.Concat(arguments.IsTrue(2) ? kept : TextMethods.SplitFromRight(kept, MarkedText.Plain(" "), 1).First(), end);
    }

    private static BigInteger WordCount(string text)
    {
        var (words, inWord) = (0, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var isWord = TextCharacters.IsWord(rune);
            words += isWord && !inWord ? 1 : 0;
            inWord = isWord;
        }

        return new BigInteger(words);
    }

    private static MarkedText Format(BoundArguments arguments)
    {
        var positional = arguments.All.Positional.Skip(1).ToArray();
        if (positional.Length > 0 && arguments.All.Named.Count > 0)
        {
            throw new TemplateException("gives 'format' arguments both by place and by name");
        }

        return PercentFormat.Apply(Soft(arguments), arguments.All.Named.Count > 0 ? arguments.All.NamedValues() : TemplateList.Tuple(positional));
    }

    private static MarkedText XmlAttributes(BoundArguments arguments)
    {
        var dictionary = arguments[0] as TemplateDictionary ?? throw arguments.Wrong(0, "a dictionary");
        var items = new List<MarkedText>();
        foreach (var (key, value) in dictionary.Entries)
        {
            if (MarkedScalar.Unwrap(value) is null or TemplateUndefined)
            {
                continue;
            }

            var name = key as MarkedText ?? throw new TemplateException("gives 'xmlattr' a name that is not a text");
            if (name.Text.Any(c => c is ' ' or (>= '\t' and <= '\r') or '/' or '>' or '='))
            {
                throw new TemplateException($"gives 'xmlattr' the name '{name.Text}', which has a character that a name can't have");
            }

            items.Add(MarkedTextBuilder.Concat(HtmlText.Escape(name), MarkedText.Plain("=\""), HtmlText.Escape(value), MarkedText.Plain("\"")));
        }

        var joined = MarkedTextBuilder.Join(MarkedText.Plain(" "), items);
        return joined.Length > 0 && arguments.IsTrue(1, true) ? MarkedTextBuilder.Concat(MarkedText.Plain(" "), joined) : joined;
    }

    private static MarkedText Json(BoundArguments arguments)
    {
        var indent = !arguments.HasValue(2) ? null : arguments[2] as MarkedText ?? new MarkedTextBuilder().Repeat(' ', Math.Max(arguments.Count(2), 0)).ToText();
        (MarkedText? Item, MarkedText? Key) separators = (null, null);
        if (arguments.HasValue(3))
        {
            separators = TemplateKinds.List(arguments[3]) is [MarkedText item, MarkedText key] ? (item, key) : throw arguments.Wrong(3, "a pair of texts");
        }

        return TemplateJson.Write(arguments[0], arguments.IsTrue(1), indent, separators.Item, separators.Key, arguments.IsTrue(4));
    }

    private static string FileSize(double bytes, bool binary)
    {
        double unitBase = binary ? 1024 : 1000;
        if (bytes == 1)
        {
            return "1 Byte";
        }

        if (!double.IsFinite(bytes))
        {
            throw new TemplateException("gives 'filesizeformat' a number that is not finite");
        }

        if (bytes < unitBase)
        {
            return $"{new BigInteger(bytes)} Bytes";
        }

        var unit = unitBase;
        var prefix = string.Empty;
        foreach (var name in binary ? _binarySizes : _decimalSizes)
        {
            unit *= unitBase;
            prefix = name;
            if (bytes < unit)
            {
                break;
            }
        }

        return $"{FloatText.Fixed(unitBase * bytes / unit, 1)} {prefix}";
    }
}
