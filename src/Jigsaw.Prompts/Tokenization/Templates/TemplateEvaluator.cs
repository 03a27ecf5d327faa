namespace Jigsaw.Tokenization.Templates;

/// <summary>Evaluates a template's expressions.</summary>
internal sealed class TemplateEvaluator(TemplateInterpreter interpreter)
{
    private MarkedText? _block;

    public object? Evaluate(TemplateExpression expression)
    {
        TemplateWork.Spend(10);
        TemplateWork.Enter();
        var value = expression switch
        {
            TemplateExpression.Constant constant => constant.Value,
            TemplateExpression.Name name => interpreter.Scope.Find(name.Identifier),
            TemplateExpression.Attribute attribute => TemplateMembers.Attribute(interpreter, Evaluate(attribute.Target), new MarkedText(attribute.Member, [])),
            TemplateExpression.Item item => TemplateMembers.Item(interpreter, Evaluate(item.Target), Evaluate(item.Key)),
            TemplateExpression.Call call => Call(call, null),
            TemplateExpression.Filter filter => Filter(filter),
            TemplateExpression.Test test => interpreter.Test(test.Function, Evaluate(test.Target), Arguments(test.Arguments)),
            TemplateExpression.Not not => !TemplateKinds.IsTrue(Evaluate(not.Operand)),
            TemplateExpression.And and => Evaluate(and.Left) is var left && TemplateKinds.IsTrue(left) ? Evaluate(and.Right) : left,
            TemplateExpression.Or or => Evaluate(or.Left) is var left && TemplateKinds.IsTrue(left) ? left : Evaluate(or.Right),
            TemplateExpression.Binary binary => TemplateOperators.Binary(binary.Operator, Evaluate(binary.Left), Evaluate(binary.Right)),
            _ => EvaluateOther(expression),
        };
        TemplateWork.Leave();
        return value;
    }

    /// <summary>Calls a function; a call block's body goes along as the argument <c>caller</c>.</summary>
    public object? Call(TemplateExpression.Call call, TemplateMacro? caller)
    {
        var target = Evaluate(call.Target);
        var arguments = Arguments(call.Arguments);
        if (caller is not null)
        {
            arguments = arguments with { Named = [.. arguments.Named, new(new MarkedText("caller", []), caller)] };
        }

        return target switch
        {
            ITemplateCallable function => function.Call(interpreter, arguments),
            TemplateUndefined undefined => throw undefined.Error(),
            _ => throw new TemplateException($"calls {TemplateKinds.Of(target)}, which is not a function"),
        };
    }

    /// <summary>A block's text through its filters.</summary>
    public object? Filtered(TemplateExpression filters, MarkedText block)
    {
        var outer = _block;
        _block = block;
        var value = Evaluate(filters);
        _block = outer;
        return value;
    }

    private object? Filter(TemplateExpression.Filter filter)
    {
        var value = filter.Target is null ? _block : Evaluate(filter.Target);
        return interpreter.Filter(filter.Function, value, Arguments(filter.Arguments));
    }

    private object? EvaluateOther(TemplateExpression expression)
    {
        switch (expression)
        {
            case TemplateExpression.Sequence sequence:
                return new TemplateList(TemplateList.Of(sequence.Items.Select(Evaluate)).Items, sequence.IsTuple);
            case TemplateExpression.Mapping mapping:
                var dictionary = new TemplateDictionary();
                foreach (var (key, value) in mapping.Entries)
                {
                    var evaluated = Evaluate(key);
                    dictionary.Set(evaluated, Evaluate(value));
                }

                return dictionary;
            case TemplateExpression.Slice slice:
                return TemplateMembers.Slice(Evaluate(slice.Target), Bound(slice.Start), Bound(slice.Stop), Bound(slice.Step));
            case TemplateExpression.Unary unary:
                return TemplateOperators.Unary(unary.Operator, Evaluate(unary.Operand));
            case TemplateExpression.Comparison comparison:
                return Compare(comparison);
            case TemplateExpression.Concatenation concatenation:
                return interpreter.Autoescape
                    ? MarkedTextBuilder.Concat([.. concatenation.Parts.Select(part => HtmlText.Escape(Evaluate(part)))]).AsMarkup()
                    : MarkedTextBuilder.Concat([.. concatenation.Parts.Select(part => TemplatePrinting.Text(Evaluate(part)))]);
            case TemplateExpression.Conditional conditional:
                return TemplateKinds.IsTrue(Evaluate(conditional.Condition)) ? Evaluate(conditional.Value)
                    : conditional.Otherwise is { } otherwise ? Evaluate(otherwise)
                    : new TemplateUndefined("uses an if without an else whose condition is false");
            default:
                throw new TemplateException($"has an expression of the kind {expression.GetType().Name}");
        }
    }

    private bool Compare(TemplateExpression.Comparison comparison)
    {
        var left = Evaluate(comparison.First);
        foreach (var (operation, operand) in comparison.Rest)
        {
            var right = Evaluate(operand);
            if (!TemplateOperators.Compare(operation, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private int? Bound(TemplateExpression? expression)
    {
        var value = expression is null ? null : MarkedScalar.Unwrap(Evaluate(expression));
        return value is null ? null
            : TemplateNumbers.Integer(value) is { } number ? (int)System.Numerics.BigInteger.Max(System.Numerics.BigInteger.Min(number, int.MaxValue / 2), int.MinValue / 2)
            : throw new TemplateException($"takes a slice with {TemplateKinds.Of(value)} as a bound");
    }

    private TemplateArguments Arguments(TemplateExpression.ArgumentList arguments)
    {
        if (arguments == TemplateExpression.ArgumentList.None)
        {
            return TemplateArguments.None;
        }

        var positional = new List<object?>(arguments.Positional.Count);
        foreach (var argument in arguments.Positional)
        {
            positional.Add(Evaluate(argument));
        }

        var named = new List<KeyValuePair<MarkedText, object?>>(arguments.Named.Count);
        foreach (var (name, argument) in arguments.Named)
        {
            AddNamed(named, new MarkedText(name, []), Evaluate(argument));
        }

        if (arguments.Rest is { } rest)
        {
            positional.AddRange(TemplateKinds.List(Evaluate(rest)));
        }

        if (arguments.NamedRest is { } namedRest)
        {
            var dictionary = MarkedScalar.Unwrap(Evaluate(namedRest)) as TemplateDictionary ?? throw new TemplateException("gives a function named arguments that are not a dictionary");
            foreach (var (key, value) in dictionary.Entries)
            {
                AddNamed(named, key as MarkedText ?? throw new TemplateException("gives a function an argument whose name is not a text"), value);
            }
        }

        return new TemplateArguments(positional, named);
    }

    private static void AddNamed(List<KeyValuePair<MarkedText, object?>> named, MarkedText name, object? value)
    {
        TemplateWork.SpendItems(named.Count / 8);
        if (named.Exists(argument => argument.Key.Text == name.Text))
        {
            throw new TemplateException($"gives a function the argument '{name.Text}' twice");
        }

        named.Add(new(name, value));
    }
}
