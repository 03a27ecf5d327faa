namespace Jigsaw.Tokenization.Templates;

/// <summary>Runs a template's statements. <see cref="TemplateEvaluator"/> runs its expressions.</summary>
internal sealed class TemplateInterpreter
{
    private static readonly Dictionary<string, TemplateFunction> _filters =
        TextFilters.All.Concat(SequenceFilters.All).Concat(OtherFilters.All).ToDictionary(filter => filter.Name, StringComparer.Ordinal);

    private static readonly Dictionary<string, TemplateFunction> _tests = TemplateTests.All.ToDictionary(test => test.Name, StringComparer.Ordinal);

    private readonly ParsedTemplate _template;
    private readonly TemplateEvaluator _evaluator;
    private readonly TemplateScope _root;
    private MarkedTextBuilder _output = new();
    private int _line;

    private TemplateInterpreter(ParsedTemplate template, TemplateScope globals)
    {
        _template = template;
        _evaluator = new TemplateEvaluator(this);
        globals.Set("self", new TemplateSelf(template.Blocks));
        _root = Scope = new TemplateScope(globals);
    }

    private enum Flow
    {
        On,
        Break,
        Continue,
    }

    /// <summary>Where names are looked up.</summary>
    public TemplateScope Scope { get; private set; }

    /// <summary>True within <c>{% autoescape true %}</c>.</summary>
    public bool Autoescape { get; private set; }

    /// <summary>Renders a template under the bounds of <see cref="TemplateWork"/>.</summary>
    /// <param name="template">The template.</param>
    /// <param name="variables">The variables; made within the bounds, too.</param>
    /// <param name="inputLength">Characters of what they hold.</param>
    /// <exception cref="TemplateException">The template can't be run.</exception>
    /// <exception cref="TemplateRefusal">It refuses.</exception>
    public static MarkedText Render(ParsedTemplate template, Action<TemplateScope> variables, long inputLength) => TemplateWork.Bound(inputLength, () =>
    {
        var globals = TemplateGlobals.Scope();
        variables(globals);
        var interpreter = new TemplateInterpreter(template, globals);
        try
        {
            interpreter.Run(template.Nodes);
            return interpreter._output.ToText();
        }
        catch (TemplateException exception)
        {
            throw new TemplateException($"{exception.Message} (line {interpreter._line})");
        }
        catch (Exception exception) when (exception is System.Text.RegularExpressions.RegexMatchTimeoutException or OverflowException or OutOfMemoryException or InsufficientExecutionStackException)
        {
            throw new TemplateException($"asks for more than can be computed (line {interpreter._line})");
        }
    });

    public static bool HasFilter(string name) => _filters.ContainsKey(name);

    public static bool HasTest(string name) => _tests.ContainsKey(name);

    public object? Filter(string name, object? value, TemplateArguments arguments) => _filters.TryGetValue(name, out var filter)
        ? filter.Call(this, arguments with { Positional = [value, .. arguments.Positional] })
        : throw new TemplateException($"uses the filter '{name}', which is unknown");

    public bool Test(string name, object? value, TemplateArguments arguments) => _tests.TryGetValue(name, out var test)
        ? TemplateKinds.IsTrue(test.Call(this, arguments with { Positional = [value, .. arguments.Positional] }))
        : throw new TemplateException($"uses the test '{name}', which is unknown");

    /// <summary>Evaluates an expression in another scope.</summary>
    public object? EvaluateIn(TemplateScope scope, TemplateExpression expression)
    {
        var outer = Scope;
        Scope = scope;
        var value = _evaluator.Evaluate(expression);
        Scope = outer;
        return value;
    }

    /// <summary>What nodes write, in a scope of their own.</summary>
    public MarkedText Captured(TemplateScope scope, IReadOnlyList<TemplateNode> nodes)
    {
        Capture(scope, nodes, out var text);
        return text;
    }

    public MarkedText RenderBlock(TemplateNode.Block block) => block.IsRequired
        ? throw new TemplateException($"has the block '{block.Name}', which is required and which no other template fills")
        : Captured(new TemplateScope(block.IsScoped ? Scope : _root), block.Body).AsMarkup(Autoescape);

    private Flow Capture(TemplateScope scope, IReadOnlyList<TemplateNode> nodes, out MarkedText text)
    {
        var (outerScope, outerOutput, line) = (Scope, _output, _line);
        (Scope, _output) = (scope, new MarkedTextBuilder());
        var flow = Run(nodes);
        text = _output.ToText();
        (Scope, _output, _line) = (outerScope, outerOutput, line);
        return flow;
    }

    private Flow RunIn(TemplateScope scope, IReadOnlyList<TemplateNode> nodes)
    {
        var outer = Scope;
        Scope = scope;
        var flow = Run(nodes);
        Scope = outer;
        return flow;
    }

    private Flow Run(IReadOnlyList<TemplateNode> nodes)
    {
        TemplateWork.Enter();
        var flow = Flow.On;
        for (var i = 0; i < nodes.Count && flow == Flow.On; i++)
        {
            TemplateWork.Spend(10);
            _line = nodes[i].Line;
            flow = Run(nodes[i]);
        }

        TemplateWork.Leave();
        return flow;
    }

    private Flow Run(TemplateNode node)
    {
        switch (node)
        {
            case TemplateNode.Text text:
                _output.Append(text.Value);
                return Flow.On;
            case TemplateNode.Output output:
                foreach (var value in output.Values)
                {
                    Write(_evaluator.Evaluate(value));
                }

                return Flow.On;
            case TemplateNode.If branch:
                foreach (var (condition, body) in branch.Branches)
                {
                    if (TemplateKinds.IsTrue(_evaluator.Evaluate(condition)))
                    {
                        return Run(body);
                    }
                }

                return Run(branch.Otherwise);
            case TemplateNode.For loop:
                return RunLoop(loop, _evaluator.Evaluate(loop.Items), 0);
            case TemplateNode.Set set:
                Assign(set.Target, _evaluator.Evaluate(set.Value));
                return Flow.On;
            case TemplateNode.Macro macro:
                Scope.Set(macro.Name, new TemplateMacro(macro, Scope));
                return Flow.On;
            case TemplateNode.CallBlock call:
                Write(_evaluator.Call(call.Call, new TemplateMacro(call.Caller, Scope)));
                return Flow.On;
            case TemplateNode.Do act:
                _evaluator.Evaluate(act.Value);
                return Flow.On;
            case TemplateNode.Break:
                return Flow.Break;
            case TemplateNode.Continue:
                return Flow.Continue;
            case TemplateNode.OtherTemplate other:
                throw other.Error();
            default:
                return RunBlock(node);
        }
    }

    /// <summary>Runs a statement whose body has a scope of its own.</summary>
    private Flow RunBlock(TemplateNode node)
    {
        var inner = new TemplateScope(Scope);
        MarkedText text;
        Flow flow;
        switch (node)
        {
            case TemplateNode.SetBlock set:
                flow = Capture(inner, set.Body, out text);
                Assign(set.Target, (set.Filter is null ? text : TemplatePrinting.Soft(_evaluator.Filtered(set.Filter, text.AsMarkup(Autoescape)))).AsMarkup(Autoescape));
                return flow;
            case TemplateNode.FilterBlock filter:
                flow = Capture(inner, filter.Body, out text);
                _output.Append(TemplatePrinting.Text(_evaluator.Filtered(filter.Filter, text.AsMarkup(Autoescape))));
                return flow;
            case TemplateNode.Generation generation:
                flow = Capture(inner, generation.Body, out text);
                _output.Append(text.AsGenerated());
                return flow;
            case TemplateNode.With with:
                foreach (var (target, value) in with.Values)
                {
                    AssignIn(inner, target, _evaluator.Evaluate(value));
                }

                return RunIn(inner, with.Body);
            case TemplateNode.AutoEscape escape:
                var outer = Autoescape;
                Autoescape = TemplateKinds.IsTrue(_evaluator.Evaluate(escape.Value));
                flow = RunIn(inner, escape.Body);
                Autoescape = outer;
                return flow;
            case TemplateNode.Block block:
                _output.Append(RenderBlock(block));
                return Flow.On;
            default:
                throw new TemplateException($"has a statement of the kind {node.GetType().Name}");
        }
    }

    private void Write(object? value) => _output.Append(Autoescape ? HtmlText.Escape(value) : TemplatePrinting.Text(value));

    private Flow RunLoop(TemplateNode.For node, object? over, int depth)
    {
        var outer = Scope;
        var items = TemplateKinds.List(over);
        if (node.Condition is { } condition)
        {
            items = items.FindAll(item =>
            {
                TemplateWork.Spend(10);
                var scope = new TemplateScope(outer);
                AssignIn(scope, node.Target, item);
                return TemplateKinds.IsTrue(EvaluateIn(scope, condition));
            });
        }

        if (items.Count == 0)
        {
            return RunIn(new TemplateScope(outer), node.Otherwise);
        }

        var loop = new TemplateLoop(items, depth, node.IsRecursive ? (inner, level) => Recurse(node, inner, level, outer) : null);
        for (var i = 0; i < items.Count; i++)
        {
            TemplateWork.Spend(20);
            loop.Index0 = i;
            var scope = new TemplateScope(outer);
            scope.Set("loop", loop);
            AssignIn(scope, node.Target, items[i]);
            if (RunIn(scope, node.Body) == Flow.Break)
            {
                break;
            }
        }

        return Flow.On;
    }

    private MarkedText Recurse(TemplateNode.For node, object? over, int depth, TemplateScope outer)
    {
        TemplateWork.Enter();
        var (scope, output, line) = (Scope, _output, _line);
        (Scope, _output) = (outer, new MarkedTextBuilder());
        RunLoop(node, over, depth);
        var text = _output.ToText(Autoescape);
        (Scope, _output, _line) = (scope, output, line);
        TemplateWork.Leave();
        return text;
    }

    private void AssignIn(TemplateScope scope, TemplateTarget target, object? value)
    {
        var outer = Scope;
        Scope = scope;
        Assign(target, value);
        Scope = outer;
    }

    private void Assign(TemplateTarget target, object? value)
    {
        switch (target)
        {
            case TemplateTarget.Variable variable:
                Scope.Set(variable.Name, value);
                break;
            case TemplateTarget.Member member when Scope.Find(member.Namespace) is TemplateNamespace space:
                space.Values.Set(new MarkedText(member.Name, []), value);
                break;
            case TemplateTarget.Member member:
                throw new TemplateException($"sets '{member.Name}' of '{member.Namespace}', which is not a namespace");
            case TemplateTarget.Several several:
                var items = TemplateKinds.List(value);
                if (items.Count != several.Targets.Count)
                {
                    throw new TemplateException($"gives {several.Targets.Count} names to {items.Count} values");
                }

                for (var i = 0; i < items.Count; i++)
                {
                    Assign(several.Targets[i], items[i]);
                }

                break;
        }
    }
}
