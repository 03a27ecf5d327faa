namespace Jigsaw.Tokenization.Templates;

/// <summary>Runs a template. Time, depth and output are bounded, whatever the template says.</summary>
internal sealed class TemplateInterpreter
{
    private const int MaximumSteps = 5_000_000;
    private const int MaximumDepth = 200;
    private const int MaximumLength = 64 << 20;

    private readonly List<MarkedText> _output = [];
    private Scope _scope;
    private int _steps;
    private int _depth;
    private long _length;

    public TemplateInterpreter(IReadOnlyDictionary<string, object?> variables)
    {
        _scope = new Scope(null);
        foreach (var (name, value) in variables)
        {
            _scope.Values[name] = value;
        }
    }

    private enum Flow
    {
        On,
        Break,
        Continue,
    }

    public MarkedText Render(IReadOnlyList<TemplateNode> nodes)
    {
        Run(nodes);
        return MarkedText.Concat(_output);
    }

    private Flow Run(IReadOnlyList<TemplateNode> nodes)
    {
        if (++_depth > MaximumDepth)
        {
            throw new TemplateException($"runs deeper than {MaximumDepth}");
        }

        var flow = Flow.On;
        for (var i = 0; i < nodes.Count && flow == Flow.On; i++)
        {
            Count();
            flow = Run(nodes[i]);
        }

        _depth--;
        return flow;
    }

    private Flow Run(TemplateNode node)
    {
        switch (node)
        {
            case TemplateNode.Text text:
                Write(MarkedText.Plain(text.Value));
                return Flow.On;
            case TemplateNode.Output output:
                Write(TemplateValues.Text(Evaluate(output.Value)));
                return Flow.On;
            case TemplateNode.If branch:
                var taken = branch.Branches.FirstOrDefault(candidate => TemplateValues.IsTrue(Evaluate(candidate.Condition)));
                return Run(taken.Body ?? branch.Otherwise);
            case TemplateNode.For loop:
                RunLoop(loop);
                return Flow.On;
            case TemplateNode.Set set:
                Assign(set);
                return Flow.On;
            case TemplateNode.SetBlock set:
                _scope.Values[set.Name] = Captured(set.Body);
                return Flow.On;
            case TemplateNode.Macro macro:
                _scope.Values[macro.Name] = Macro(macro, _scope);
                return Flow.On;
            case TemplateNode.Group group:
                return Run(group.Body);
            case TemplateNode.Break:
                return Flow.Break;
            default:
                return Flow.Continue;
        }
    }

    private void RunLoop(TemplateNode.For loop)
    {
        var outer = _scope;
        var items = TemplateValues.Items(Evaluate(loop.Items)).ToList();
        if (loop.Condition is { } condition)
        {
            items = [.. items.Where(item =>
            {
                _scope = new Scope(outer);
                Bind(loop.Names, item);
                var keep = TemplateValues.IsTrue(Evaluate(condition));
                _scope = outer;
                return keep;
            })];
        }

        if (items.Count == 0)
        {
            Run(loop.Otherwise);
            return;
        }

        for (var i = 0; i < items.Count; i++)
        {
            Count();
            _scope = new Scope(outer);
            Bind(loop.Names, items[i]);
            _scope.Values["loop"] = LoopVariables(items, i);
            var flow = Run(loop.Body);
            _scope = outer;
            if (flow == Flow.Break)
            {
                break;
            }
        }
    }

    private static TemplateDictionary LoopVariables(List<object?> items, int i)
    {
        var loop = new TemplateDictionary();
        loop.Entries["index"] = i + 1L;
        loop.Entries["index0"] = (long)i;
        loop.Entries["revindex"] = (long)items.Count - i;
        loop.Entries["revindex0"] = items.Count - i - 1L;
        loop.Entries["first"] = i == 0;
        loop.Entries["last"] = i == items.Count - 1;
        loop.Entries["length"] = (long)items.Count;
        loop.Entries["previtem"] = i > 0 ? items[i - 1] : new TemplateUndefined("previtem");
        loop.Entries["nextitem"] = i < items.Count - 1 ? items[i + 1] : new TemplateUndefined("nextitem");
        return loop;
    }

    private void Assign(TemplateNode.Set set)
    {
        var value = Evaluate(set.Value);
        if (set.Attribute is not { } attribute)
        {
            Bind(set.Names, value);
        }
        else if (_scope.Find(set.Names[0]) is TemplateNamespace space)
        {
            space.Values[attribute] = value;
        }
        else
        {
            throw new TemplateException($"sets '{attribute}' of '{set.Names[0]}', which is no namespace");
        }
    }

    private void Bind(IReadOnlyList<string> names, object? value)
    {
        if (names.Count == 1)
        {
            _scope.Values[names[0]] = value;
            return;
        }

        var items = TemplateValues.Items(value).ToList();
        if (items.Count != names.Count)
        {
            throw new TemplateException($"gives {names.Count} names to {items.Count} values");
        }

        for (var i = 0; i < names.Count; i++)
        {
            _scope.Values[names[i]] = items[i];
        }
    }

    private TemplateFunction Macro(TemplateNode.Macro macro, Scope definition) => (arguments, named) =>
    {
        var caller = _scope;
        _scope = new Scope(definition);
        for (var i = 0; i < macro.Parameters.Count; i++)
        {
            var (name, otherwise) = macro.Parameters[i];
            _scope.Values[name] = i < arguments.Count ? arguments[i]
                : named.TryGetValue(name, out var value) ? value
                : otherwise is null ? new TemplateUndefined(name) : Evaluate(otherwise);
        }

        var result = Captured(macro.Body);
        _scope = caller;
        return result;
    };

    private MarkedText Captured(IReadOnlyList<TemplateNode> body)
    {
        var start = _output.Count;
        Run(body);
        var captured = MarkedText.Concat(_output.Skip(start));
        _output.RemoveRange(start, _output.Count - start);
        return captured;
    }

    private object? Evaluate(TemplateExpression expression)
    {
        Count();
        if (++_depth > MaximumDepth)
        {
            throw new TemplateException($"runs deeper than {MaximumDepth}");
        }

        var value = expression switch
        {
            TemplateExpression.Constant constant => constant.Value,
            TemplateExpression.Name name => _scope.Find(name.Identifier),
            TemplateExpression.ListOf list => list.Items.Select(Evaluate).ToList(),
            TemplateExpression.DictionaryOf dictionary => Dictionary(dictionary),
            TemplateExpression.Attribute attribute => TemplateMembers.Member(Evaluate(attribute.Target), attribute.Member),
            TemplateExpression.Item item => Item(Evaluate(item.Target), Evaluate(item.Key)),
            TemplateExpression.Slice slice => Slice(slice),
            TemplateExpression.Call call => Call(call),
            TemplateExpression.Filter filter => TemplateMembers.Filter(filter.Function, Evaluate(filter.Target), [.. filter.Arguments.Select(Evaluate)], Named(filter.Named)),
            TemplateExpression.Test test => TemplateMembers.Test(test.Function, Evaluate(test.Target), [.. test.Arguments.Select(Evaluate)]) != test.Negated,
            TemplateExpression.Unary unary => Unary(unary),
            TemplateExpression.Binary binary => Binary(binary),
            TemplateExpression.Conditional conditional => TemplateValues.IsTrue(Evaluate(conditional.Condition)) ? Evaluate(conditional.Value)
                : conditional.Otherwise is { } otherwise ? Evaluate(otherwise) : new TemplateUndefined("else"),
            _ => throw new TemplateException($"has an expression of the kind {expression.GetType().Name}"),
        };
        _depth--;
        return value;
    }

    private Dictionary<string, object?> Named(IReadOnlyList<(string Name, TemplateExpression Value)> named)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in named)
        {
            values[name] = Evaluate(value);
        }

        return values;
    }

    private TemplateDictionary Dictionary(TemplateExpression.DictionaryOf entries)
    {
        var dictionary = new TemplateDictionary();
        foreach (var (key, value) in entries.Entries)
        {
            dictionary.Entries[TemplateValues.Key(Evaluate(key))] = Evaluate(value);
        }

        return dictionary;
    }

    private static object? Item(object? target, object? key) => (target, key) switch
    {
        (IReadOnlyList<object?> list, long index) => Index(index, list.Count) is { } at ? list[at] : new TemplateUndefined($"item {index}"),
        (MarkedText text, long index) => Index(index, text.Text.Length) is { } at ? text.Slice(at, at + 1) : new TemplateUndefined($"item {index}"),
        (_, MarkedText name) => TemplateMembers.Member(target, name.Text),
        _ => throw new TemplateException($"takes an item of {TemplateValues.KindOf(target)} by {TemplateValues.KindOf(key)}"),
    };

    private static int? Index(long index, int count)
    {
        var at = index < 0 ? index + count : index;
        return at >= 0 && at < count ? (int)at : null;
    }

    private object? Slice(TemplateExpression.Slice slice)
    {
        var target = Evaluate(slice.Target);
        var count = (int)TemplateValuesLength(target);
        var step = slice.Step is { } given ? Bound(given) ?? 1 : 1;
        if (step is not (1 or -1))
        {
            throw new TemplateException($"takes a slice in steps of {step}, which is not supported");
        }

        var (lowest, highest) = step > 0 ? (0, count) : (-1, count - 1);
        var start = Clamped(slice.Start, step > 0 ? lowest : highest);
        var end = Clamped(slice.End, step > 0 ? highest : lowest);
        if (target is MarkedText text)
        {
            return step > 0
                ? text.Slice(start, Math.Max(start, end))
                : MarkedText.Concat(Enumerable.Range(0, Math.Max(start - end, 0)).Select(i => text.Slice(start - i, start - i + 1)));
        }

        var list = TemplateValues.Items(target).ToList();
        return step > 0
            ? list.GetRange(start, Math.Max(end - start, 0))
            : Enumerable.Range(0, Math.Max(start - end, 0)).Select(i => list[start - i]).ToList();

        int Clamped(TemplateExpression? expression, int otherwise)
        {
            if (expression is null || Bound(expression) is not { } bound)
            {
                return otherwise;
            }

            return (int)Math.Clamp(bound < 0 ? bound + count : bound, lowest, highest);
        }

        long? Bound(TemplateExpression expression) => Evaluate(expression) switch
        {
            null => null,
            long number => number,
            var other => throw new TemplateException($"takes a slice by {TemplateValues.KindOf(other)}"),
        };

        static long TemplateValuesLength(object? value) => value is MarkedText text ? text.Text.Length : TemplateValues.Length(value);
    }

    private object? Call(TemplateExpression.Call call)
    {
        var arguments = call.Arguments.Select(Evaluate).ToList();
        if (call.Target is TemplateExpression.Attribute method)
        {
            var target = Evaluate(method.Target);
            if (target is TemplateDictionary or TemplateNamespace && TemplateMembers.Member(target, method.Member) is TemplateFunction member)
            {
                return member(arguments, Named(call.Named));
            }

            return TemplateMembers.Method(target, method.Member, arguments);
        }

        return Evaluate(call.Target) switch
        {
            TemplateFunction function => function(arguments, Named(call.Named)),
            var other => throw new TemplateException($"calls {TemplateValues.KindOf(other)} as a function"),
        };
    }

    private object Unary(TemplateExpression.Unary unary)
    {
        var operand = Evaluate(unary.Operand);
        return unary.Operator switch
        {
            "not" => !TemplateValues.IsTrue(operand),
            "-" when operand is long number => -number,
            "-" when operand is double number => -number,
            "+" when operand is long or double => operand,
            _ => throw new TemplateException($"puts '{unary.Operator}' before {TemplateValues.KindOf(operand)}"),
        };
    }

    private object? Binary(TemplateExpression.Binary binary)
    {
        var left = Evaluate(binary.Left);
        if (binary.Operator is "and" or "or")
        {
            return TemplateValues.IsTrue(left) == (binary.Operator == "or") ? left : Evaluate(binary.Right);
        }

        var right = Evaluate(binary.Right);
        return (binary.Operator, left, right) switch
        {
            ("==", _, _) => TemplateValues.AreEqual(left, right),
            ("!=", _, _) => !TemplateValues.AreEqual(left, right),
            ("<", _, _) => TemplateValues.Compare(left, right) < 0,
            (">", _, _) => TemplateValues.Compare(left, right) > 0,
            ("<=", _, _) => TemplateValues.Compare(left, right) <= 0,
            (">=", _, _) => TemplateValues.Compare(left, right) >= 0,
            ("in", _, _) => TemplateMembers.Contains(right, left),
            ("~", _, _) => Joined(TemplateValues.Text(left), TemplateValues.Text(right)),
            ("+", MarkedText first, MarkedText second) => Joined(first, second),
            ("+", IReadOnlyList<object?> first, IReadOnlyList<object?> second) => (List<object?>)[.. first, .. second],
            ("+", long first, long second) => unchecked(first + second),
            ("-", long first, long second) => unchecked(first - second),
            ("*", long first, long second) => unchecked(first * second),
            ("//", long first, long second) when second > 0 => (long)Math.Floor((double)first / second),
            ("%", long first, long second) when second > 0 => ((first % second) + second) % second,
            ("+", _, _) when Numbers(left, right) is { } numbers => numbers.Left + numbers.Right,
            ("-", _, _) when Numbers(left, right) is { } numbers => numbers.Left - numbers.Right,
            ("*", _, _) when Numbers(left, right) is { } numbers => numbers.Left * numbers.Right,
            ("/", _, _) when Numbers(left, right) is { Right: not 0 } numbers => numbers.Left / numbers.Right,
            _ => throw new TemplateException($"computes {TemplateValues.KindOf(left)} {binary.Operator} {TemplateValues.KindOf(right)}, which is not supported"),
        };
    }

    private static (double Left, double Right)? Numbers(object? left, object? right) =>
        TemplateValues.Number(left) is { } first && TemplateValues.Number(right) is { } second ? (first, second) : null;

    private MarkedText Joined(MarkedText left, MarkedText right)
    {
        CountLength(left.Text.Length + right.Text.Length);
        return MarkedText.Concat([left, right]);
    }

    private void Write(MarkedText text)
    {
        CountLength(text.Text.Length);
        _output.Add(text);
    }

    private void CountLength(int length)
    {
        if ((_length += length) > MaximumLength)
        {
            throw new TemplateException($"writes more than {MaximumLength} characters");
        }
    }

    private void Count()
    {
        if (++_steps > MaximumSteps)
        {
            throw new TemplateException($"takes more than {MaximumSteps} steps");
        }
    }

    private sealed class Scope(Scope? outer)
    {
        public Dictionary<string, object?> Values { get; } = new(StringComparer.Ordinal);

        public object? Find(string name)
        {
            for (var scope = this; scope is not null; scope = scope.Outer)
            {
                if (scope.Values.TryGetValue(name, out var value))
                {
                    return value;
                }
            }

            return new TemplateUndefined(name);
        }

        private Scope? Outer { get; } = outer;
    }
}
