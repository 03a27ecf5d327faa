namespace Jigsaw.Tokenization.Templates;

/// <summary>Reads the expressions of a template: operators, filters and tests.</summary>
internal sealed partial class ExpressionParser(TemplateTokens tokens)
{
    private readonly Stack<HashSet<string>> _mentions = new();

    /// <summary>Which names what is parsed mentions.</summary>
    public HashSet<string> Mentions(Action parse)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        _mentions.Push(names);
        parse();
        _mentions.Pop();
        foreach (var outer in _mentions)
        {
            outer.UnionWith(names);
        }

        return names;
    }

    public TemplateExpression ParseExpression(bool withConditional = true) => tokens.Nested(() => withConditional ? ParseConditional() : ParseOr());

    /// <summary>One expression, or several with commas between, which are a tuple.</summary>
    public TemplateExpression ParseTuple(bool withConditional = true, string? endName = null, bool isParenthesized = false)
    {
        var items = new List<TemplateExpression>();
        var isTuple = false;
        while (!(tokens.Current.Kind is TemplateTokenKind.OutputEnd or TemplateTokenKind.BlockEnd || tokens.Current.IsOperator(")") || (endName is not null && tokens.Current.IsName(endName))))
        {
            items.Add(ParseExpression(withConditional));
            if (!tokens.AcceptOperator(","))
            {
                break;
            }

            isTuple = true;
        }

        return !isTuple && items.Count == 1 ? items[0]
            : items.Count == 0 && !isParenthesized ? throw tokens.Error($"has {tokens.Describe()} where an expression belongs")
            : new TemplateExpression.Sequence(items, IsTuple: true);
    }

    public TemplateTarget ParseTarget(bool withNamespace = false, string? endName = null)
    {
        if (withNamespace && tokens.Following.IsOperator("."))
        {
            var space = tokens.ExpectName();
            tokens.Next();
            return new TemplateTarget.Member(space, tokens.ExpectName());
        }

        var targets = new List<TemplateTarget>();
        var isSeveral = false;
        while (tokens.Current.Kind is not (TemplateTokenKind.OutputEnd or TemplateTokenKind.BlockEnd) && !tokens.Current.IsOperator(")") && !(endName is not null && tokens.Current.IsName(endName)))
        {
            if (tokens.AcceptOperator("("))
            {
                targets.Add(tokens.Nested(() => ParseTarget()));
                tokens.RequireOperator(")");
            }
            else
            {
                targets.Add(new TemplateTarget.Variable(VariableName()));
            }

            if (!tokens.AcceptOperator(","))
            {
                break;
            }

            isSeveral = true;
        }

        return !isSeveral && targets.Count == 1 ? targets[0]
            : targets.Count == 0 ? throw tokens.Error($"has {tokens.Describe()} where a name belongs")
            : new TemplateTarget.Several(targets);
    }

    /// <summary>A name that a value can be given to.</summary>
    public string VariableName() =>
        tokens.Current.Text is "true" or "false" or "none" or "True" or "False" or "None" && tokens.Current.Kind == TemplateTokenKind.Name
            ? throw tokens.Error($"gives a value to '{tokens.Current.Text}'")
            : tokens.ExpectName();

    /// <summary>Filters with <c>|</c> before each.</summary>
    public TemplateExpression? ParseFilters(TemplateExpression? target, bool isFirstNamed = false)
    {
        while (isFirstNamed || tokens.AcceptOperator("|"))
        {
            isFirstNamed = false;
            var name = DottedName();
            target = new TemplateExpression.Filter(target, name, tokens.Current.IsOperator("(") ? ParseArguments() : TemplateExpression.ArgumentList.None);
        }

        return target;
    }

    private TemplateExpression ParseConditional()
    {
        var value = ParseOr();
        while (tokens.AcceptName("if"))
        {
            var condition = ParseOr();
            value = new TemplateExpression.Conditional(condition, value, tokens.AcceptName("else") ? tokens.Nested(ParseConditional) : null);
        }

        return value;
    }

    private TemplateExpression ParseOr()
    {
        var left = ParseAnd();
        while (tokens.AcceptName("or"))
        {
            left = new TemplateExpression.Or(left, ParseAnd());
        }

        return left;
    }

    private TemplateExpression ParseAnd()
    {
        var left = ParseNot();
        while (tokens.AcceptName("and"))
        {
            left = new TemplateExpression.And(left, ParseNot());
        }

        return left;
    }

    private TemplateExpression ParseNot() => tokens.AcceptName("not") ? new TemplateExpression.Not(tokens.Nested(ParseNot)) : ParseComparison();

    private TemplateExpression ParseComparison()
    {
        var first = ParseSum();
        var rest = new List<(string, TemplateExpression)>();
        while (true)
        {
            if (tokens.Current is { Kind: TemplateTokenKind.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" })
            {
                rest.Add((tokens.Next().Text, ParseSum()));
            }
            else if (tokens.AcceptName("in"))
            {
                rest.Add(("in", ParseSum()));
            }
            else if (tokens.Current.IsName("not") && tokens.Following.IsName("in"))
            {
                tokens.Next();
                tokens.Next();
                rest.Add(("not in", ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new TemplateExpression.Comparison(first, rest);
            }
        }
    }

    private TemplateExpression ParseSum()
    {
        var left = ParseConcatenation();
        while (tokens.Current is { Kind: TemplateTokenKind.Operator, Text: "+" or "-" })
        {
            left = new TemplateExpression.Binary(tokens.Next().Text, left, ParseConcatenation());
        }

        return left;
    }

    private TemplateExpression ParseConcatenation()
    {
        var first = ParseProduct();
        if (!tokens.Current.IsOperator("~"))
        {
            return first;
        }

        var parts = new List<TemplateExpression> { first };
        while (tokens.AcceptOperator("~"))
        {
            parts.Add(ParseProduct());
        }

        return new TemplateExpression.Concatenation(parts);
    }

    private TemplateExpression ParseProduct()
    {
        var left = ParsePower();
        while (tokens.Current is { Kind: TemplateTokenKind.Operator, Text: "*" or "/" or "//" or "%" })
        {
            left = new TemplateExpression.Binary(tokens.Next().Text, left, ParsePower());
        }

        return left;
    }

    private TemplateExpression ParsePower()
    {
        var left = ParseUnary(withFilters: true);
        while (tokens.AcceptOperator("**"))
        {
            left = new TemplateExpression.Binary("**", left, ParseUnary(withFilters: true));
        }

        return left;
    }

    private TemplateExpression ParseUnary(bool withFilters)
    {
        TemplateExpression value = tokens.Current is { Kind: TemplateTokenKind.Operator, Text: "-" or "+" }
            ? new TemplateExpression.Unary(tokens.Next().Text, tokens.Nested(() => ParseUnary(withFilters: false)))
            : ParsePrimary();
        value = ParsePostfix(value);
        return withFilters ? ParseFiltersAndTests(value) : value;
    }

    private TemplateExpression ParseFiltersAndTests(TemplateExpression value)
    {
        while (true)
        {
            if (tokens.Current.IsOperator("|"))
            {
                value = ParseFilters(value)!;
            }
            else if (tokens.AcceptName("is"))
            {
                value = ParseTest(value);
            }
            else if (tokens.Current.IsOperator("("))
            {
                value = new TemplateExpression.Call(value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private TemplateExpression ParseTest(TemplateExpression value)
    {
        var isNegated = tokens.AcceptName("not");
        var name = DottedName();
        var arguments = TemplateExpression.ArgumentList.None;
        if (tokens.Current.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (tokens.Current.Kind is TemplateTokenKind.Name or TemplateTokenKind.Literal or TemplateTokenKind.Integer or TemplateTokenKind.Float
            ? tokens.Current is not { Kind: TemplateTokenKind.Name, Text: "else" or "or" or "and" or "if" or "in" or "not" }
            : tokens.Current is { Kind: TemplateTokenKind.Operator, Text: "[" or "{" })
        {
            if (tokens.Current.IsName("is"))
            {
                throw tokens.Error("chains tests with 'is'; join them with 'and'");
            }

            arguments = arguments with { Positional = [ParsePostfix(ParsePrimary())] };
        }

        var test = new TemplateExpression.Test(value, name, arguments);
        return isNegated ? new TemplateExpression.Not(test) : test;
    }

    private string DottedName()
    {
        var name = tokens.ExpectName();
        while (tokens.AcceptOperator("."))
        {
            name += "." + tokens.ExpectName();
        }

        return name;
    }
}
