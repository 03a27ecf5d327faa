using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Jinja's filters for lists, dictionaries and what else has items.</summary>
internal static class SequenceFilters
{
    public static IEnumerable<TemplateFunction> All { get; } =
    [
        new("list", "value", (_, a) => TemplateList.Of(TemplateKinds.Items(a[0]))),
        new("length", "obj, /", (_, a) => new BigInteger(TemplateKinds.Length(a[0]))),
        new("count", "obj, /", (_, a) => new BigInteger(TemplateKinds.Length(a[0]))),
        new("first", "seq", (_, a) => First(TemplateKinds.Items(a[0]), "first")),
        new("last", "seq", (_, a) => First(Reversed(a[0]) ?? throw new TemplateException($"asks for the last item of {TemplateKinds.Of(a[0])}; make it a list first"), "last")),
        new("random", "seq", (_, a) => Random(a[0])),
        new("reverse", "value", (_, a) => a[0] is MarkedText text ? TextMethods.SliceText(text, null, null, -1)
            : new TemplateIterator(Reversed(a[0]) ?? TemplateKinds.List(a[0]).AsEnumerable().Reverse())),
        new("join", "value, d?, attribute?", (t, a) => Join(t, a)),
        new("batch", "value, linecount, fill_with?", (_, a) => new TemplateIterator(Batch(a))),
        new("slice", "value, slices, fill_with?", (_, a) => new TemplateIterator(Slice(a))),
        new("sort", "value, reverse?, case_sensitive?, attribute?", (t, a) => new TemplateList(Sorted(t, a))),
        new("unique", "value, case_sensitive?, attribute?", (t, a) => new TemplateIterator(Unique(t, a))),
        new("min", "value, case_sensitive?, attribute?", (t, a) => Extreme(t, a, -1)),
        new("max", "value, case_sensitive?, attribute?", (t, a) => Extreme(t, a, 1)),
        new("sum", "iterable, attribute?, start?", (t, a) => Sum(t, a)),
        new("groupby", "value, attribute, default?, case_sensitive?", (t, a) => GroupBy(t, a)),
        new("dictsort", "value, case_sensitive?, by?, reverse?", (_, a) => DictionarySort(a)),
        new("items", "value", (_, a) => new TemplateIterator(a[0] is TemplateUndefined ? []
            : new TemplateView(a[0] as TemplateDictionary ?? throw a.Wrong(0, "a dictionary"), "items").Items)),
        new("map", "value, *", (t, a) => new TemplateIterator(Map(t, a))),
        new("select", "value, *", (t, a) => new TemplateIterator(Select(t, a, keep: true, byAttribute: false))),
        new("reject", "value, *", (t, a) => new TemplateIterator(Select(t, a, keep: false, byAttribute: false))),
        new("selectattr", "value, *", (t, a) => new TemplateIterator(Select(t, a, keep: true, byAttribute: true))),
        new("rejectattr", "value, *", (t, a) => new TemplateIterator(Select(t, a, keep: false, byAttribute: true))),
    ];

    /// <summary>What Python can go through from the end; null for everything else.</summary>
    private static IEnumerable<object?>? Reversed(object? value) => value switch
    {
        TemplateList list => Enumerable.Range(0, list.Items.Count).Select(i => list.Items[list.Items.Count - 1 - i]),
        MarkedText text => text.Characters().Reverse(),
        TemplateDictionary or TemplateView or TemplateRange => TemplateKinds.List(value).AsEnumerable().Reverse(),
        TemplateUndefined => [],
        _ => null,
    };

    private static object? First(IEnumerable<object?> items, string which)
    {
        foreach (var item in items)
        {
            return item;
        }

        return new TemplateUndefined($"uses the {which} item of an empty sequence");
    }

    private static object? Random(object? value)
    {
        var count = TemplateKinds.Length(value);
        return count == 0 ? new TemplateUndefined("uses a random item of an empty sequence") : TemplateKinds.Items(value).ElementAt(System.Random.Shared.Next(count));
    }

    private static MarkedText Join(TemplateInterpreter interpreter, BoundArguments arguments)
    {
        var items = TemplateKinds.Items(arguments[0]);
        if (arguments.HasValue(2))
        {
            var attribute = AttributePath.Of(arguments[2]);
            items = items.Select(item => attribute.Of(interpreter, item));
        }

        var separator = arguments.Or(1, MarkedText.Empty);
        if (!interpreter.Autoescape)
        {
            return MarkedTextBuilder.Join(TemplatePrinting.Text(separator), items.Select(TemplatePrinting.Text));
        }

        var all = items.ToList();
        return separator is MarkedText { IsMarkup: true } || all.Any(item => item is MarkedText { IsMarkup: true })
            ? MarkedTextBuilder.Join(HtmlText.Escape(separator), all.Select(HtmlText.Escape)).AsMarkup()
            : MarkedTextBuilder.Join(TemplatePrinting.Text(separator), all.Select(TemplatePrinting.Text));
    }

    private static IEnumerable<object?> Batch(BoundArguments arguments)
    {
        var size = arguments.Count(1);
        var batch = new List<object?>();
        foreach (var item in TemplateKinds.Items(arguments[0]))
        {
            if (batch.Count == size)
            {
                yield return new TemplateList(batch);
                batch = [];
            }

            TemplateWork.SpendItems(0);
            batch.Add(item);
        }

        if (batch.Count == 0)
        {
            yield break;
        }

        while (arguments.HasValue(2) && batch.Count < size)
        {
            TemplateWork.SpendItems(0);
            batch.Add(arguments[2]);
        }

        yield return new TemplateList(batch);
    }

    private static IEnumerable<object?> Slice(BoundArguments arguments)
    {
        var items = TemplateKinds.List(arguments[0]);
        var slices = arguments.Count(1);
        if (slices == 0)
        {
            throw new TemplateException("divides by 0");
        }

        var (each, extra) = (Math.DivRem(items.Count, slices).Quotient, items.Count % slices);
        var offset = 0;
        for (var i = 0; i < slices; i++)
        {
            var start = offset + (i * each);
            offset += i < extra ? 1 : 0;
            var end = offset + ((i + 1) * each);
            TemplateWork.SpendItems(end - start);
            var slice = items.GetRange(start, end - start);
            if (arguments.HasValue(2) && i >= extra)
            {
                slice.Add(arguments[2]);
            }

            yield return new TemplateList(slice);
        }
    }

    /// <summary>A key to sort or compare by: texts without their case, unless it counts.</summary>
    private static object? Cased(object? value, bool caseSensitive) => !caseSensitive && value is MarkedText text ? TextCases.Lower(text) : value;

    private static List<object?> Sorted(TemplateInterpreter interpreter, BoundArguments arguments)
    {
        var caseSensitive = arguments.IsTrue(2);
        AttributePath[] paths = arguments.Or(3, null) is MarkedText attributes
            ? [.. TextMethods.Split(attributes, MarkedText.Plain(","), -1).Select(path => AttributePath.Of(path))]
            : [AttributePath.Of(arguments.Or(3, null))];
        return TemplateComparison.Sorted(
            TemplateKinds.List(arguments[0]).Select(item => ((object?)new TemplateList([.. paths.Select(path => Cased(path.Of(interpreter, item), caseSensitive))]), item)),
            arguments.IsTrue(1));
    }

    private static IEnumerable<object?> Unique(TemplateInterpreter interpreter, BoundArguments arguments)
    {
        var path = AttributePath.Of(arguments.Or(2, null));
        var seen = new HashSet<TemplateKey>();
        foreach (var item in TemplateKinds.Items(arguments[0]))
        {
            TemplateWork.SpendItems(2);
            if (seen.Add(new TemplateKey(Cased(path.Of(interpreter, item), arguments.IsTrue(1)))))
            {
                yield return item;
            }
        }
    }

    private static object? Extreme(TemplateInterpreter interpreter, BoundArguments arguments, int sign)
    {
        var path = AttributePath.Of(arguments.Or(2, null));
        (object? Key, object? Item)? best = null;
        foreach (var item in TemplateKinds.Items(arguments[0]))
        {
            var key = Cased(path.Of(interpreter, item), arguments.IsTrue(1));
            best = best is null || TemplateComparison.Compare(key, best.Value.Key) * sign > 0 ? (key, item) : best;
        }

        return best is { } found ? found.Item : new TemplateUndefined("uses the smallest or largest item of an empty sequence");
    }

    private static object? Sum(TemplateInterpreter interpreter, BoundArguments arguments)
    {
        var path = AttributePath.Of(arguments.Or(1, null));
        var sum = arguments.Or(2, BigInteger.Zero);
        if (sum is MarkedText)
        {
            throw new TemplateException("sums texts; join them");
        }

        foreach (var item in TemplateKinds.Items(arguments[0]))
        {
            sum = TemplateOperators.Binary("+", sum, path.Of(interpreter, item));
        }

        return sum;
    }

    private static TemplateList GroupBy(TemplateInterpreter interpreter, BoundArguments arguments)
    {
        var caseSensitive = arguments.IsTrue(3);
        var path = AttributePath.Of(arguments[1], arguments.Or(2, null));
        var keyed = TemplateKinds.List(arguments[0]).Select(item => (Cased(path.Of(interpreter, item), caseSensitive), item));
        var groups = new List<object?>();
        (object? Key, List<object?> Items)? group = null;
        foreach (var item in TemplateComparison.Sorted(keyed, reverse: false))
        {
            var key = Cased(path.Of(interpreter, item), caseSensitive);
            if (group is not { } current || !TemplateComparison.AreEqual(current.Key, key))
            {
                group = (key, []);
                TemplateWork.SpendItems(8);
                groups.Add(new TemplateList([path.Of(interpreter, item), new TemplateList(group.Value.Items)], isTuple: true, ["grouper", "list"]));
            }

            group.Value.Items.Add(item);
        }

        return new TemplateList(groups);
    }

    private static TemplateList DictionarySort(BoundArguments arguments)
    {
        var dictionary = arguments[0] as TemplateDictionary ?? throw arguments.Wrong(0, "a dictionary");
        var by = arguments.Has(2) ? arguments.Text(2).Text : "key";
        if (by is not ("key" or "value"))
        {
            throw new TemplateException($"sorts a dictionary by '{by}'; it can be sorted by 'key' or 'value'");
        }

        return new TemplateList(TemplateComparison.Sorted(
            dictionary.Entries.Select(entry => (Cased(by == "key" ? entry.Key : entry.Value, arguments.IsTrue(1)), (object?)TemplateList.Tuple(entry.Key, entry.Value))),
            arguments.IsTrue(3)));
    }

    private static IEnumerable<object?> Map(TemplateInterpreter interpreter, BoundArguments arguments)
    {
        if (!TemplateKinds.IsTrue(arguments[0]))
        {
            return [];
        }

        var (positional, named) = (arguments.All.Positional, arguments.All.Named);
        var items = TemplateKinds.Items(arguments[0]);
        if (positional.Count > 1)
        {
            var filter = arguments.All.Positional[1] as MarkedText ?? throw new TemplateException("gives 'map' a filter's name that is not a text");
            var rest = positional.Skip(2).ToArray();
            return items.Select(item => interpreter.Filter(filter.Text, item, new TemplateArguments(rest, named)));
        }

        if (named.FirstOrDefault(argument => argument.Key.Text is not ("attribute" or "default")).Key is { } unknown)
        {
            throw new TemplateException($"gives 'map' the argument '{unknown.Text}', which it doesn't have");
        }

        var path = AttributePath.Of(
            named.FirstOrDefault(argument => argument.Key.Text == "attribute") is { Key: not null } attribute ? attribute.Value : throw new TemplateException("calls 'map' without a filter or an attribute"),
            named.FirstOrDefault(argument => argument.Key.Text == "default").Value);
        return items.Select(item => path.Of(interpreter, item));
    }

    private static IEnumerable<object?> Select(TemplateInterpreter interpreter, BoundArguments arguments, bool keep, bool byAttribute)
    {
        if (!TemplateKinds.IsTrue(arguments[0]))
        {
            return [];
        }

        var positional = arguments.All.Positional;
        var skip = byAttribute ? 2 : 1;
        var path = AttributePath.Of(!byAttribute ? null : positional.Count > 1 ? positional[1] : throw new TemplateException($"calls '{arguments.Name}' without an attribute"));
        if (positional.Count <= skip && arguments.All.Named.Count > 0)
        {
            throw new TemplateException($"gives '{arguments.Name}' the argument '{arguments.All.Named[0].Key.Text}', which it doesn't have");
        }

        var test = positional.Count > skip ? (positional[skip] as MarkedText ?? throw new TemplateException($"gives '{arguments.Name}' a test's name that is not a text")).Text : null;
        var rest = new TemplateArguments(positional.Skip(skip + 1).ToArray(), arguments.All.Named);
        return TemplateKinds.Items(arguments[0]).Where(item =>
        {
            var value = path.Of(interpreter, item);
            return (test is null ? TemplateKinds.IsTrue(value) : interpreter.Test(test, value, rest)) == keep;
        });
    }
}
