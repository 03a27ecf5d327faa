namespace Jigsaw.Tokenization.Templates;

/// <summary>Reads a template: Jinja's statements, those of its extensions loopcontrols and do, and transformers' generation.</summary>
internal sealed class TemplateParser
{
    private readonly TemplateTokens _tokens;
    private readonly ExpressionParser _expressions;
    private readonly Dictionary<string, TemplateNode.Block> _blocks = new(StringComparer.Ordinal);
    private int _loops;
    private bool _hasGeneration;
    private string? _otherTemplate;

    private TemplateParser(IReadOnlyList<TemplateToken> tokens)
    {
        _tokens = new TemplateTokens(tokens);
        _expressions = new ExpressionParser(_tokens);
    }

    public static ParsedTemplate Parse(string source)
    {
        var parser = new TemplateParser(TemplateLexer.Read(source));
        var nodes = parser.ParseBody([], "template");
        return new ParsedTemplate(nodes, parser._blocks, parser._hasGeneration, parser._otherTemplate);
    }

    /// <summary>Everything up to one of the end tags, whose name is the next token then.</summary>
    private List<TemplateNode> ParseBody(string[] ends, string of) => _tokens.Nested(() =>
    {
        var nodes = new List<TemplateNode>();
        while (true)
        {
            var line = _tokens.Current.Line;
            switch (_tokens.Current.Kind)
            {
                case TemplateTokenKind.End:
                    return ends.Length == 0 ? nodes : throw _tokens.Error($"ends before the '{ends[^1]}' of a '{of}'");
                case TemplateTokenKind.Text:
                    nodes.Add(new TemplateNode.Text(new MarkedText(_tokens.Next().Text, [])) { Line = line });
                    break;
                case TemplateTokenKind.OutputStart:
                    _tokens.Next();
                    nodes.Add(new TemplateNode.Output([_expressions.ParseTuple()]) { Line = line });
                    _tokens.Expect(TemplateTokenKind.OutputEnd, "'}}'");
                    break;
                default:
                    _tokens.Expect(TemplateTokenKind.BlockStart, "a tag");
                    if (_tokens.Current.Kind == TemplateTokenKind.Name && ends.Contains(_tokens.Current.Text))
                    {
                        return nodes;
                    }

                    nodes.Add(ParseStatement() with { Line = line });
                    _tokens.Expect(TemplateTokenKind.BlockEnd, "'%}'");
                    break;
            }
        }
    });

    /// <summary>The rest of a tag, and everything up to one of the end tags, whose name is taken.</summary>
    private (List<TemplateNode> Body, string End) ParseBlock(string of, params string[] ends)
    {
        _tokens.AcceptOperator(":");
        _tokens.Expect(TemplateTokenKind.BlockEnd, "'%}'");
        var body = ParseBody(ends, of);
        return (body, _tokens.Next().Text);
    }

    private TemplateNode ParseStatement()
    {
        var name = _tokens.Expect(TemplateTokenKind.Name, "a statement").Text;
        switch (name)
        {
            case "if":
                return ParseIf();
            case "for":
                return ParseFor();
            case "set":
                return ParseSet();
            case "macro":
                return ParseMacro();
            case "call":
                return ParseCall();
            case "filter":
                var filter = _expressions.ParseFilters(null, isFirstNamed: true)!;
                return new TemplateNode.FilterBlock(filter, ParseBlock(name, "endfilter").Body);
            case "with":
                return ParseWith();
            case "autoescape":
                var escapes = _expressions.ParseExpression();
                return new TemplateNode.AutoEscape(escapes, ParseBlock(name, "endautoescape").Body);
            case "block":
                return ParseNamedBlock();
            case "print":
                return ParsePrint();
            case "generation":
                _hasGeneration = true;
                return new TemplateNode.Generation(ParseBlock(name, "endgeneration").Body);
            case "do":
                return new TemplateNode.Do(_expressions.ParseTuple());
            case "break" or "continue":
                return _loops == 0 ? throw _tokens.Error($"has a '{name}' outside of a loop") : name == "break" ? new TemplateNode.Break() : new TemplateNode.Continue();
            case "include" or "import" or "from" or "extends":
                while (_tokens.Current.Kind is not (TemplateTokenKind.BlockEnd or TemplateTokenKind.End))
                {
                    _tokens.Next();
                }

                _otherTemplate = name;
                return new TemplateNode.OtherTemplate(name);
            default:
                throw _tokens.Error($"has the statement '{name}', which is unknown, or closes nothing");
        }
    }

    private TemplateNode.If ParseIf()
    {
        var branches = new List<(TemplateExpression, IReadOnlyList<TemplateNode>)>();
        while (true)
        {
            var condition = _expressions.ParseTuple(withConditional: false);
            var (body, end) = ParseBlock("if", "elif", "else", "endif");
            branches.Add((condition, body));
            if (end != "elif")
            {
                return new TemplateNode.If(branches, end == "else" ? ParseBlock("if", "endif").Body : []);
            }
        }
    }

    private TemplateNode.For ParseFor()
    {
        var target = _expressions.ParseTarget(endName: "in");
        if (Names(target).Contains("loop"))
        {
            throw _tokens.Error("gives a value to 'loop', which is the loop itself");
        }

        _tokens.RequireName("in");
        var items = _expressions.ParseTuple(withConditional: false, endName: "recursive");
        var condition = _tokens.AcceptName("if") ? _expressions.ParseExpression() : null;
        var isRecursive = _tokens.AcceptName("recursive");
        _loops++;
        var (body, end) = ParseBlock("for", "else", "endfor");
        _loops--;
        return new TemplateNode.For(target, items, condition, isRecursive, body, end == "else" ? ParseBlock("for", "endfor").Body : []);
    }

    private static IEnumerable<string> Names(TemplateTarget target) => target switch
    {
        TemplateTarget.Variable variable => [variable.Name],
        TemplateTarget.Several several => several.Targets.SelectMany(Names),
        _ => [],
    };

    private TemplateNode ParseSet()
    {
        var target = _expressions.ParseTarget(withNamespace: true);
        if (_tokens.AcceptOperator("="))
        {
            return new TemplateNode.Set(target, _expressions.ParseTuple());
        }

        var filter = _expressions.ParseFilters(null);
        return new TemplateNode.SetBlock(target, filter, ParseBlock("set", "endset").Body);
    }

    private TemplateNode.Macro ParseMacro()
    {
        var name = _expressions.VariableName();
        return ParseMacro(name, ParseSignature, "macro", "endmacro");
    }

    private TemplateNode.CallBlock ParseCall()
    {
        var signature = _tokens.Current.IsOperator("(") ? ParseSignature() : [];
        var call = _expressions.ParseExpression() as TemplateExpression.Call ?? throw _tokens.Error("has a call block that doesn't call");
        return new TemplateNode.CallBlock(call, ParseMacro("caller", () => signature, "call", "endcall"));
    }

    private TemplateNode.Macro ParseMacro(string name, Func<List<(string, TemplateExpression?)>> signature, string statement, string end)
    {
        var parameters = signature();
        var loops = _loops;
        _loops = 0;
        IReadOnlyList<TemplateNode> body = [];
        var mentions = _expressions.Mentions(() => body = ParseBlock(statement, end).Body);
        _loops = loops;
        return new TemplateNode.Macro(name, parameters, body)
        {
            UsesCaller = mentions.Contains("caller"),
            UsesNamed = mentions.Contains("kwargs"),
            UsesRest = mentions.Contains("varargs"),
        };
    }

    private List<(string Name, TemplateExpression? Otherwise)> ParseSignature()
    {
        _tokens.RequireOperator("(");
        var parameters = new List<(string Name, TemplateExpression? Otherwise)>();
        while (!_tokens.AcceptOperator(")"))
        {
            if (parameters.Count > 0)
            {
                _tokens.RequireOperator(",");
            }

            var name = _expressions.VariableName();
            var otherwise = _tokens.AcceptOperator("=") ? _expressions.ParseExpression() : null;
            if (name == "caller" && otherwise is null)
            {
                throw _tokens.Error("has the parameter 'caller' without a value; it is there without being named");
            }

            parameters.Add(otherwise is null && parameters.Exists(parameter => parameter.Otherwise is not null)
                ? throw _tokens.Error($"has the parameter '{name}' without a value behind one that has one")
                : (name, otherwise));
        }

        return parameters;
    }

    private TemplateNode.With ParseWith()
    {
        var values = new List<(TemplateTarget, TemplateExpression)>();
        while (_tokens.Current.Kind != TemplateTokenKind.BlockEnd)
        {
            if (values.Count > 0)
            {
                _tokens.RequireOperator(",");
            }

            var target = _expressions.ParseTarget();
            _tokens.RequireOperator("=");
            values.Add((target, _expressions.ParseExpression()));
        }

        return new TemplateNode.With(values, ParseBlock("with", "endwith").Body);
    }

    private TemplateNode.Block ParseNamedBlock()
    {
        var name = _tokens.ExpectName();
        var isScoped = _tokens.AcceptName("scoped");
        var isRequired = _tokens.AcceptName("required");
        var loops = _loops;
        _loops = 0;
        var block = new TemplateNode.Block(name, isScoped, isRequired, ParseBlock("block", "endblock").Body);
        _loops = loops;
        _tokens.AcceptName(name);
        if (isRequired && block.Body.Any(node => node is not TemplateNode.Text text || !TextCharacters.IsBlank(text.Value.Text)))
        {
            throw _tokens.Error($"has the required block '{name}' with something in it");
        }

        return _blocks.TryAdd(name, block) ? block : throw _tokens.Error($"has the block '{name}' twice");
    }

    private TemplateNode.Output ParsePrint()
    {
        var values = new List<TemplateExpression>();
        while (_tokens.Current.Kind != TemplateTokenKind.BlockEnd)
        {
            if (values.Count > 0)
            {
                _tokens.RequireOperator(",");
            }

            values.Add(_expressions.ParseExpression());
        }

        return new TemplateNode.Output(values);
    }
}
