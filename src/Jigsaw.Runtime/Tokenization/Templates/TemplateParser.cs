using System.Globalization;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Reads the part of Jinja that chat templates use; a statement outside of it is an error that names it.</summary>
internal sealed class TemplateParser
{
    private const int MaximumDepth = 100;

    private readonly IReadOnlyList<TemplateToken> _tokens;
    private int _at;
    private int _depth;

    private TemplateParser(IReadOnlyList<TemplateToken> tokens) => _tokens = tokens;

    private TemplateToken Current => _tokens[_at];

    public static IReadOnlyList<TemplateNode> Parse(string source)
    {
        var parser = new TemplateParser(TemplateLexer.Read(source));
        var body = parser.ParseBody();
        return parser.Current.Kind == TemplateTokenKind.End ? body : throw parser.Error($"has '{parser._tokens[parser._at + 1].Text}' where nothing is open that it could end");
    }

    /// <summary>Reads up to the end, or up to a block that starts with one of the names; that block's start is not read yet.</summary>
    private List<TemplateNode> ParseBody(params string[] ends)
    {
        var body = new List<TemplateNode>();
        while (Current.Kind != TemplateTokenKind.End)
        {
            switch (Current.Kind)
            {
                case TemplateTokenKind.Text:
                    body.Add(new TemplateNode.Text(Next().Text));
                    break;
                case TemplateTokenKind.OutputStart:
                    Next();
                    body.Add(new TemplateNode.Output(ParseTuple()));
                    Expect(TemplateTokenKind.OutputEnd);
                    break;
                default:
                    var name = _tokens[_at + 1].Text;
                    if (ends.Contains(name) || (ends.Length == 0 && IsEnd(name)))
                    {
                        return body;
                    }

                    Next();
                    Next();
                    body.Add(Nested(() => ParseStatement(name)));
                    break;
            }
        }

        return ends.Length == 0 ? body : throw Error($"ends before '{ends[^1]}'");
    }

    private static bool IsEnd(string name) => name is "else" or "elif" || name.StartsWith("end", StringComparison.Ordinal);

    private TemplateNode ParseStatement(string name)
    {
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
            case "break":
                Expect(TemplateTokenKind.BlockEnd);
                return new TemplateNode.Break();
            case "continue":
                Expect(TemplateTokenKind.BlockEnd);
                return new TemplateNode.Continue();
            case "generation":
                Expect(TemplateTokenKind.BlockEnd);
                var body = ParseBody("endgeneration");
                EndBlock();
                return new TemplateNode.Group(body);
            default:
                throw Error($"has the statement '{name}', which is not supported; if, for, set, macro, break, continue and generation are");
        }
    }

    private TemplateNode.If ParseIf()
    {
        var branches = new List<(TemplateExpression, IReadOnlyList<TemplateNode>)>();
        var otherwise = new List<TemplateNode>();
        var condition = ParseExpression();
        Expect(TemplateTokenKind.BlockEnd);
        while (true)
        {
            branches.Add((condition, ParseBody("elif", "else", "endif")));
            var next = StartBlock();
            if (next == "elif")
            {
                condition = ParseExpression();
                Expect(TemplateTokenKind.BlockEnd);
                continue;
            }

            Expect(TemplateTokenKind.BlockEnd);
            if (next == "else")
            {
                otherwise = ParseBody("endif");
                EndBlock();
            }

            return new TemplateNode.If(branches, otherwise);
        }
    }

    private TemplateNode.For ParseFor()
    {
        var names = ParseNames();
        if (!Accept(TemplateTokenKind.Name, "in"))
        {
            throw Error("has a 'for' without 'in'");
        }

        var items = ParseOr();
        var condition = Accept(TemplateTokenKind.Name, "if") ? ParseExpression() : null;
        if (Current.Is(TemplateTokenKind.Name, "recursive"))
        {
            throw Error("has a recursive loop, which is not supported");
        }

        Expect(TemplateTokenKind.BlockEnd);
        var body = ParseBody("else", "endfor");
        var otherwise = new List<TemplateNode>();
        if (StartBlock() == "else")
        {
            Expect(TemplateTokenKind.BlockEnd);
            otherwise = ParseBody("endfor");
            StartBlock();
        }

        Expect(TemplateTokenKind.BlockEnd);
        return new TemplateNode.For(names, items, condition, body, otherwise);
    }

    private TemplateNode ParseSet()
    {
        var names = ParseNames();
        string? attribute = null;
        if (names.Count == 1 && Accept(TemplateTokenKind.Operator, "."))
        {
            attribute = Expect(TemplateTokenKind.Name).Text;
        }

        if (Accept(TemplateTokenKind.Operator, "="))
        {
            var value = ParseTuple();
            Expect(TemplateTokenKind.BlockEnd);
            return new TemplateNode.Set(names, attribute, value);
        }

        Expect(TemplateTokenKind.BlockEnd);
        var body = ParseBody("endset");
        EndBlock();
        return new TemplateNode.SetBlock(names[0], body);
    }

    private TemplateNode.Macro ParseMacro()
    {
        var name = Expect(TemplateTokenKind.Name).Text;
        Require("(");
        var parameters = new List<(string, TemplateExpression?)>();
        while (!Accept(TemplateTokenKind.Operator, ")"))
        {
            var parameter = Expect(TemplateTokenKind.Name).Text;
            parameters.Add((parameter, Accept(TemplateTokenKind.Operator, "=") ? ParseExpression() : null));
            if (!Current.Is(TemplateTokenKind.Operator, ")"))
            {
                Require(",");
            }
        }

        Expect(TemplateTokenKind.BlockEnd);
        var body = ParseBody("endmacro");
        EndBlock();
        return new TemplateNode.Macro(name, parameters, body);
    }

    private List<string> ParseNames()
    {
        var names = new List<string>();
        do
        {
            names.Add(Expect(TemplateTokenKind.Name).Text);
        }
        while (Accept(TemplateTokenKind.Operator, ","));

        return names;
    }

    private TemplateExpression ParseTuple()
    {
        var first = ParseExpression();
        if (!Current.Is(TemplateTokenKind.Operator, ","))
        {
            return first;
        }

        var items = new List<TemplateExpression> { first };
        while (Accept(TemplateTokenKind.Operator, ","))
        {
            items.Add(ParseExpression());
        }

        return new TemplateExpression.ListOf(items);
    }

    private TemplateExpression ParseExpression() => Nested(() =>
    {
        var value = ParseOr();
        if (!Accept(TemplateTokenKind.Name, "if"))
        {
            return value;
        }

        var condition = ParseOr();
        return new TemplateExpression.Conditional(condition, value, Accept(TemplateTokenKind.Name, "else") ? ParseExpression() : null);
    });

    private TemplateExpression ParseOr() => ParseLeft(ParseAnd, TemplateTokenKind.Name, "or");

    private TemplateExpression ParseAnd() => ParseLeft(ParseNot, TemplateTokenKind.Name, "and");

    private TemplateExpression ParseNot() =>
        Accept(TemplateTokenKind.Name, "not") ? new TemplateExpression.Unary("not", Nested(ParseNot)) : ParseComparison();

    private TemplateExpression ParseComparison()
    {
        var left = ParseLeft(ParseConcatenation, TemplateTokenKind.Operator, "+", "-");
        while (true)
        {
            if (Current.Kind == TemplateTokenKind.Operator && Current.Text is "==" or "!=" or "<" or ">" or "<=" or ">=")
            {
                var symbol = Next().Text;
                left = new TemplateExpression.Binary(symbol, left, ParseLeft(ParseConcatenation, TemplateTokenKind.Operator, "+", "-"));
            }
            else if (Accept(TemplateTokenKind.Name, "in"))
            {
                left = new TemplateExpression.Binary("in", left, ParseLeft(ParseConcatenation, TemplateTokenKind.Operator, "+", "-"));
            }
            else if (Current.Is(TemplateTokenKind.Name, "not") && _tokens[_at + 1].Is(TemplateTokenKind.Name, "in"))
            {
                _at += 2;
                left = new TemplateExpression.Unary("not", new TemplateExpression.Binary("in", left, ParseLeft(ParseConcatenation, TemplateTokenKind.Operator, "+", "-")));
            }
            else
            {
                return left;
            }
        }
    }

    private TemplateExpression ParseConcatenation() => ParseLeft(ParseProduct, TemplateTokenKind.Operator, "~");

    private TemplateExpression ParseProduct() => ParseLeft(ParseUnary, TemplateTokenKind.Operator, "*", "/", "//", "%");

    private TemplateExpression ParseUnary()
    {
        if (Current.Kind == TemplateTokenKind.Operator && Current.Text is "-" or "+")
        {
            var sign = Next().Text;
            return new TemplateExpression.Unary(sign, Nested(ParseUnary));
        }

        var value = ParseFilters(ParsePostfix(ParsePrimary()));
        return Accept(TemplateTokenKind.Operator, "**") ? new TemplateExpression.Binary("**", value, Nested(ParseUnary)) : value;
    }

    private TemplateExpression ParseLeft(Func<TemplateExpression> operand, TemplateTokenKind kind, params string[] operators)
    {
        var left = operand();
        while (Current.Kind == kind && operators.Contains(Current.Text))
        {
            var symbol = Next().Text;
            left = new TemplateExpression.Binary(symbol, left, operand());
        }

        return left;
    }

    private TemplateExpression ParseFilters(TemplateExpression value)
    {
        while (true)
        {
            if (Accept(TemplateTokenKind.Operator, "|"))
            {
                var name = Expect(TemplateTokenKind.Name).Text;
                var (arguments, named) = Current.Is(TemplateTokenKind.Operator, "(") ? ParseArguments() : ([], []);
                value = ParsePostfix(new TemplateExpression.Filter(value, name, arguments, named));
            }
            else if (Accept(TemplateTokenKind.Name, "is"))
            {
                var negated = Accept(TemplateTokenKind.Name, "not");
                var name = Expect(TemplateTokenKind.Name).Text;
                List<TemplateExpression> arguments = [];
                if (Current.Is(TemplateTokenKind.Operator, "("))
                {
                    arguments = ParseArguments().Arguments;
                }
                else if (Current.Kind is TemplateTokenKind.Literal or TemplateTokenKind.Integer
                    || (Current.Kind == TemplateTokenKind.Name && Current.Text is not ("else" or "or" or "and" or "if" or "is" or "in" or "not")))
                {
                    arguments = [ParsePostfix(ParsePrimary())];
                }

                value = new TemplateExpression.Test(value, name, arguments, negated);
            }
            else
            {
                return value;
            }
        }
    }

    private TemplateExpression ParsePostfix(TemplateExpression value)
    {
        while (true)
        {
            if (Accept(TemplateTokenKind.Operator, "."))
            {
                value = Current.Kind == TemplateTokenKind.Integer
                    ? new TemplateExpression.Item(value, ParsePrimary())
                    : new TemplateExpression.Attribute(value, Expect(TemplateTokenKind.Name).Text);
            }
            else if (Accept(TemplateTokenKind.Operator, "["))
            {
                value = ParseSubscript(value);
            }
            else if (Current.Is(TemplateTokenKind.Operator, "("))
            {
                var (arguments, named) = ParseArguments();
                value = new TemplateExpression.Call(value, arguments, named);
            }
            else
            {
                return value;
            }
        }
    }

    private TemplateExpression ParseSubscript(TemplateExpression target)
    {
        var parts = new List<TemplateExpression?>();
        var colons = 0;
        TemplateExpression? part = null;
        while (!Accept(TemplateTokenKind.Operator, "]"))
        {
            if (Accept(TemplateTokenKind.Operator, ":"))
            {
                colons++;
                parts.Add(part);
                part = null;
            }
            else if (part is null)
            {
                part = ParseExpression();
            }
            else
            {
                throw Error("has a subscript that is neither a key nor a slice");
            }
        }

        parts.Add(part);
        return colons switch
        {
            0 => new TemplateExpression.Item(target, part ?? throw Error("has an empty subscript")),
            1 or 2 => new TemplateExpression.Slice(target, parts[0], parts[1], colons == 2 ? parts[2] : null),
            _ => throw Error("has a subscript that is neither a key nor a slice"),
        };
    }

    private (List<TemplateExpression> Arguments, List<(string, TemplateExpression)> Named) ParseArguments()
    {
        Require("(");
        var arguments = new List<TemplateExpression>();
        var named = new List<(string, TemplateExpression)>();
        while (!Accept(TemplateTokenKind.Operator, ")"))
        {
            if (Current.Kind == TemplateTokenKind.Name && _tokens[_at + 1].Is(TemplateTokenKind.Operator, "="))
            {
                var name = Next().Text;
                Next();
                named.Add((name, ParseExpression()));
            }
            else
            {
                arguments.Add(ParseExpression());
            }

            if (!Current.Is(TemplateTokenKind.Operator, ")"))
            {
                Require(",");
            }
        }

        return (arguments, named);
    }

    private TemplateExpression ParsePrimary()
    {
        var token = Next();
        switch (token.Kind)
        {
            case TemplateTokenKind.Literal:
                var text = token.Text;
                while (Current.Kind == TemplateTokenKind.Literal)
                {
                    text += Next().Text;
                }

                return new TemplateExpression.Constant(MarkedText.Plain(text));
            case TemplateTokenKind.Integer when long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var integer):
                return new TemplateExpression.Constant(integer);
            case TemplateTokenKind.Float:
                return new TemplateExpression.Constant(double.Parse(token.Text, CultureInfo.InvariantCulture));
            case TemplateTokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new TemplateExpression.Constant(true),
                    "false" or "False" => new TemplateExpression.Constant(false),
                    "none" or "None" => new TemplateExpression.Constant(null),
                    _ => new TemplateExpression.Name(token.Text),
                };
            case TemplateTokenKind.Operator when token.Text == "(":
                var inner = Current.Is(TemplateTokenKind.Operator, ")") ? new TemplateExpression.ListOf([]) : ParseTuple();
                Require(")");
                return inner;
            case TemplateTokenKind.Operator when token.Text == "[":
                return new TemplateExpression.ListOf(ParseItems("]", ParseExpression));
            case TemplateTokenKind.Operator when token.Text == "{":
                return new TemplateExpression.DictionaryOf(ParseItems("}", () =>
                {
                    var key = ParseExpression();
                    Require(":");
                    return (key, ParseExpression());
                }));
            default:
                throw Error(token.Kind == TemplateTokenKind.End ? "ends within a tag" : $"has '{token.Text}' where an expression belongs");
        }
    }

    private List<T> ParseItems<T>(string end, Func<T> parse)
    {
        var items = new List<T>();
        while (!Accept(TemplateTokenKind.Operator, end))
        {
            items.Add(parse());
            if (!Current.Is(TemplateTokenKind.Operator, end))
            {
                Require(",");
            }
        }

        return items;
    }

    private T Nested<T>(Func<T> parse)
    {
        if (++_depth > MaximumDepth)
        {
            throw Error($"is nested deeper than {MaximumDepth}");
        }

        var result = parse();
        _depth--;
        return result;
    }

    private string StartBlock()
    {
        Expect(TemplateTokenKind.BlockStart);
        return Expect(TemplateTokenKind.Name).Text;
    }

    private void EndBlock()
    {
        StartBlock();
        Expect(TemplateTokenKind.BlockEnd);
    }

    private TemplateToken Next() => Current.Kind == TemplateTokenKind.End ? Current : _tokens[_at++];

    private bool Accept(TemplateTokenKind kind, string text)
    {
        if (!Current.Is(kind, text))
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Require(string symbol)
    {
        if (!Accept(TemplateTokenKind.Operator, symbol))
        {
            throw Error($"lacks a '{symbol}' before '{Current.Text}'");
        }
    }

    private TemplateToken Expect(TemplateTokenKind kind) =>
        Current.Kind == kind ? _tokens[_at++] : throw Error($"has '{Current.Text}' where something else belongs");

    private TemplateException Error(string problem) => new($"line {Current.Line} {problem}");
}
