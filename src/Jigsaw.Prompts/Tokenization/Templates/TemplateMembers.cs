using System.Numerics;

namespace Jigsaw.Tokenization.Templates;

/// <summary>What <c>x.name</c> and <c>x[key]</c> are, as Jinja's immutable sandbox has them.</summary>
internal static class TemplateMembers
{
    private static readonly HashSet<string> _listMutators = ["append", "reverse", "insert", "sort", "extend", "remove"];
    private static readonly HashSet<string> _dictionaryMutators = ["clear", "pop", "popitem", "setdefault", "update"];

    private static readonly Dictionary<string, TemplateMethod<TemplateDictionary>> _dictionaryMethods = new TemplateMethod<TemplateDictionary>[]
    {
        new("get", "key, default?, /", (_, self, a) => self.TryGet(a[0], out var value) ? value : a.Or(1, null)),
        new("items", string.Empty, (_, self, _) => new TemplateView(self, "items")),
        new("keys", string.Empty, (_, self, _) => new TemplateView(self, "keys")),
        new("values", string.Empty, (_, self, _) => new TemplateView(self, "values")),
        new("copy", string.Empty, (_, self, _) => self.Copy()),
        new("fromkeys", "iterable, value?, /", (_, _, a) => FromKeys(a)),
    }.ToDictionary(method => method.Name, StringComparer.Ordinal);

    private static readonly Dictionary<string, TemplateMethod<TemplateList>> _listMethods = new TemplateMethod<TemplateList>[]
    {
        new("count", "value, /", (_, self, a) => new BigInteger(self.Items.Count(item => TemplateComparison.AreEqual(item, a[0])))),
        new("index", "value, start?, stop?, /", (_, self, a) => IndexOf(self, a)),
        new("copy", string.Empty, (_, self, _) => TemplateList.Of(self.Items)),
        new("pop", "index?, /", (_, self, a) => Pop(self, a)),
        new("clear", string.Empty, (_, self, _) => Clear(self)),
    }.ToDictionary(method => method.Name, StringComparer.Ordinal);

    private static readonly Dictionary<string, TemplateMethod<TemplateRange>> _rangeMethods = new TemplateMethod<TemplateRange>[]
    {
        new("count", "value, /", (_, self, a) => self.Contains(MarkedScalar.Unwrap(a[0])) ? BigInteger.One : BigInteger.Zero),
        new("index", "value, /", (_, self, a) => self.Contains(MarkedScalar.Unwrap(a[0]))
            ? (TemplateNumbers.Exact(a[0])!.Value - self.Start) / self.Step : throw new TemplateException("asks with 'index' where a value is that is not there")),
    }.ToDictionary(method => method.Name, StringComparer.Ordinal);

    private static readonly Dictionary<string, TemplateMethod<object>> _numberMethods = new TemplateMethod<object>[]
    {
        new("bit_length", string.Empty, (_, self, _) => new BigInteger((long)BigInteger.Abs(Whole(self, "bit_length")).GetBitLength())),
        new("bit_count", string.Empty, (_, self, _) => BigInteger.PopCount(BigInteger.Abs(Whole(self, "bit_count")))),
        new("conjugate", string.Empty, (_, self, _) => TemplateNumbers.Integer(self) is { } number ? number : self),
        new("is_integer", string.Empty, (_, self, _) => self is double number && double.IsFinite(number) && number == Math.Floor(number)),
    }.ToDictionary(method => method.Name, StringComparer.Ordinal);

    /// <summary><c>target.name</c>: a member, else the entry of that name.</summary>
    public static object? Attribute(TemplateInterpreter interpreter, object? target, MarkedText name)
    {
        if (TryMember(interpreter, target, name.Text, out var member))
        {
            return member;
        }

        return MarkedScalar.Unwrap(target) is TemplateDictionary dictionary && dictionary.TryGet(name, out var value) ? value : TemplateUndefined.Member(target, name.Text);
    }

    /// <summary><c>target[key]</c>: an item, else the member of that name.</summary>
    public static object? Item(TemplateInterpreter interpreter, object? target, object? key)
    {
        var unwrapped = MarkedScalar.Unwrap(target);
        switch (unwrapped)
        {
            case TemplateUndefined undefined:
                throw undefined.Error();
            case TemplateDictionary dictionary when key is not (TemplateList { IsTuple: false } or TemplateDictionary or TemplateView) && dictionary.TryGet(key, out var value):
                return value;
            case TemplateList list when Index(key, list.Items.Count) is { } at:
                return list.Items[at];
            case MarkedText text when Index(key, text.CodePoints) is { } at:
                return text.SliceCodePoints(at, at + 1);
            case TemplateRange range when Index(key, range.Count) is { } at:
                return range[at];
        }

        return key is MarkedText name
            ? TryMember(interpreter, target, name.Text, out var member) ? member : TemplateUndefined.Member(target, name.Text)
            : TemplateUndefined.Element(target, MarkedScalar.Unwrap(key) is BigInteger number ? TemplatePrinting.Integer(number) : $"of {TemplateKinds.Of(key)}");
    }

    public static object? Slice(object? target, int? start, int? stop, int? step)
    {
        switch (MarkedScalar.Unwrap(target))
        {
            case MarkedText text:
                return TextMethods.SliceText(text, start, stop, step ?? 1).AsMarkup(text.IsMarkup);
            case TemplateList list:
                var items = TemplateList.Of(TextMethods.SliceIndexes(list.Items.Count, start, stop, step ?? 1).Select(i => list.Items[i])).Items;
                return new TemplateList(items, list.IsTuple);
            case TemplateRange range:
                var (from, to) = TextMethods.SliceBounds(range.Count, start, stop, step ?? 1);
                return new TemplateRange(range.Start + (from * range.Step), range.Start + (to * range.Step), range.Step * (step ?? 1));
            case TemplateUndefined undefined:
                throw undefined.Error();
            default:
                throw new TemplateException($"takes a slice of {TemplateKinds.Of(target)}");
        }
    }

    /// <summary>A member in the sense of Python's getattr, as the filter <c>attr</c> has it.</summary>
    public static bool TryMember(TemplateInterpreter interpreter, object? target, string name, out object? member)
    {
        var unwrapped = MarkedScalar.Unwrap(target);
        if (unwrapped is TemplateUndefined undefined)
        {
            throw undefined.Error();
        }

        member = unwrapped is TemplateNamespace space
            ? space.Values.TryGet(name, out var value) ? value : BoundArguments.Missing
            : Member(interpreter, unwrapped, name);
        if (member == BoundArguments.Missing && name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal))
        {
            member = TemplateUndefined.Unsafe(target, name);
        }

        if (member == BoundArguments.Missing)
        {
            return false;
        }

        if (name.StartsWith('_') && member is not TemplateUndefined)
        {
            member = TemplateUndefined.Unsafe(target, name);
        }

        member = MarkedScalar.Wrap(member, MarkedScalar.MarkOf(target));
        return true;
    }

    /// <summary>A member, or <see cref="BoundArguments.Missing"/>.</summary>
    private static object? Member(TemplateInterpreter interpreter, object? target, string name) => target switch
    {
        MarkedText text => Method(TextMembers.Find(text, name)),
        TemplateDictionary when _dictionaryMutators.Contains(name) => TemplateUndefined.Unsafe(target, name),
        TemplateDictionary dictionary => Method(_dictionaryMethods.GetValueOrDefault(name)?.Bind(dictionary)),
        TemplateList { IsTuple: false } when _listMutators.Contains(name) => TemplateUndefined.Unsafe(target, name),
        TemplateList { IsTuple: true } tuple when tuple.Names?.IndexOf(name) is { } at => tuple.Items[at],
        TemplateList { IsTuple: true } when name is not ("count" or "index") => BoundArguments.Missing,
        TemplateList list => Method(_listMethods.GetValueOrDefault(name)?.Bind(list)),
        TemplateRange range => name switch
        {
            "start" => range.Start,
            "stop" => range.Stop,
            "step" => range.Step,
            _ => Method(_rangeMethods.GetValueOrDefault(name)?.Bind(range)),
        },
        TemplateView view => name == "mapping" ? view.Dictionary : BoundArguments.Missing,
        TemplateLoop loop => loop.Member(name),
        TemplateCycler cycler => cycler.Member(name),
        TemplateJoiner joiner => joiner.Member(name),
        TemplateMacro macro => macro.Member(name),
        TemplateSelf self => self.Member(interpreter, name),
        bool or BigInteger or double => Number(target, name),
        _ => BoundArguments.Missing,
    };

    private static object Method(ITemplateCallable? method) => method ?? BoundArguments.Missing;

    private static object? Number(object number, string name) => name switch
    {
        "real" => TemplateNumbers.Integer(number) is { } integer ? integer : number,
        "imag" => number is double ? 0.0 : BigInteger.Zero,
        "numerator" when number is not double => TemplateNumbers.Integer(number),
        "denominator" when number is not double => BigInteger.One,
        "is_integer" when number is not double => BoundArguments.Missing,
        "bit_length" or "bit_count" when number is double => BoundArguments.Missing,
        _ => Method(_numberMethods.GetValueOrDefault(name)?.Bind(number)),
    };

    private static BigInteger Whole(object number, string name) => TemplateNumbers.Integer(number) ?? throw new TemplateException($"calls '{name}' of a float");

    private static int? Index(object? key, int count)
    {
        var index = TemplateNumbers.Integer(key);
        if (index is not { } at)
        {
            return null;
        }

        at = at.Sign < 0 ? at + count : at;
        return at.Sign >= 0 && at < count ? (int)at : null;
    }

    private static int? IndexOf(this IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
            {
                return i;
            }
        }

        return null;
    }

    private static BigInteger IndexOf(TemplateList list, BoundArguments arguments)
    {
        var (start, end) = TextMethods.Bounds(list.Items.Count, arguments.Bound(1), arguments.Bound(2));
        for (var i = start; i < end; i++)
        {
            if (TemplateComparison.AreEqual(list.Items[i], arguments[0]))
            {
                return new BigInteger(i);
            }
        }

        throw new TemplateException("asks with 'index' where a value is that is not there");
    }

    private static object? Pop(TemplateList list, BoundArguments arguments)
    {
        if (Index(arguments.Or(0, BigInteger.MinusOne), list.Items.Count) is not { } at)
        {
            throw new TemplateException("takes an item with 'pop' that is not there");
        }

        TemplateWork.Spend(list.Items.Count / 8);
        var item = list.Items[at];
        list.Items.RemoveAt(at);
        return item;
    }

    private static object? Clear(TemplateList list)
    {
        list.Items.Clear();
        return null;
    }

    private static TemplateDictionary FromKeys(BoundArguments arguments)
    {
        var dictionary = new TemplateDictionary();
        foreach (var key in TemplateKinds.Items(arguments[0]))
        {
            dictionary.Set(key, arguments.Or(1, null));
        }

        return dictionary;
    }
}
