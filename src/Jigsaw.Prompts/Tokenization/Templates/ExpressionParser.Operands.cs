using System.Globalization;

namespace Jigsaw.Tokenization.Templates;

/// <summary>Reads names and literals, with the members, subscripts and calls behind them.</summary>
internal sealed partial class ExpressionParser
{
    private TemplateExpression ParsePostfix(TemplateExpression value)
    {
        while (true)
        {
            if (tokens.AcceptOperator("."))
            {
                value = tokens.Current.Kind == TemplateTokenKind.Integer
                    ? new TemplateExpression.Item(value, ParsePrimary())
                    : new TemplateExpression.Attribute(value, tokens.ExpectName());
            }
            else if (tokens.AcceptOperator("["))
            {
                value = ParseSubscript(value);
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

    private TemplateExpression ParseSubscript(TemplateExpression target)
    {
        var keys = new List<TemplateExpression>();
        while (!tokens.AcceptOperator("]"))
        {
            if (keys.Count > 0)
            {
                tokens.RequireOperator(",");
            }

            var key = tokens.Current.IsOperator(":") ? null : ParseExpression();
            if (!tokens.AcceptOperator(":"))
            {
                keys.Add(key!);
                continue;
            }

            var stop = SlicePart();
            var step = tokens.AcceptOperator(":") ? SlicePart() : null;
            if (keys.Count > 0 || !tokens.AcceptOperator("]"))
            {
                throw tokens.Error("has several slices in one subscript");
            }

            return new TemplateExpression.Slice(target, key, stop, step);
        }

        return new TemplateExpression.Item(target, keys.Count == 1 ? keys[0] : new TemplateExpression.Sequence(keys, IsTuple: true));
    }

    private TemplateExpression? SlicePart() =>
        tokens.Current is { Kind: TemplateTokenKind.Operator, Text: ":" or "]" or "," } ? null : ParseExpression();

    private TemplateExpression.ArgumentList ParseArguments()
    {
        tokens.RequireOperator("(");
        var positional = new List<TemplateExpression>();
        var named = new List<(string, TemplateExpression)>();
        TemplateExpression? rest = null;
        TemplateExpression? namedRest = null;
        while (!tokens.AcceptOperator(")"))
        {
            if (positional.Count + named.Count > 0 || rest is not null || namedRest is not null)
            {
                tokens.RequireOperator(",");
                if (tokens.AcceptOperator(")"))
                {
                    break;
                }
            }

            if (tokens.AcceptOperator("*"))
            {
                rest = rest is null && namedRest is null ? ParseExpression() : throw WrongOrder();
            }
            else if (tokens.AcceptOperator("**"))
            {
                namedRest = namedRest is null ? ParseExpression() : throw WrongOrder();
            }
            else if (tokens.Current.Kind == TemplateTokenKind.Name && tokens.Following.IsOperator("="))
            {
                var name = tokens.Next().Text;
                tokens.Next();
                named.Add(namedRest is null ? (name, ParseExpression()) : throw WrongOrder());
            }
            else
            {
                positional.Add(rest is null && namedRest is null && named.Count == 0 ? ParseExpression() : throw WrongOrder());
            }
        }

        return new TemplateExpression.ArgumentList(positional, named, rest, namedRest);

        TemplateException WrongOrder() => tokens.Error("has the arguments of a call in an order that there isn't");
    }

    private TemplateExpression ParsePrimary()
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TemplateTokenKind.Literal:
                var text = new System.Text.StringBuilder();
                while (tokens.Current.Kind == TemplateTokenKind.Literal)
                {
                    text.Append(tokens.Next().Text);
                }

                return new TemplateExpression.Constant(new MarkedText(text.ToString(), []));
            case TemplateTokenKind.Integer:
                return new TemplateExpression.Constant(TemplateNumbers.Checked(NumberParsing.Integer(tokens.Next().Text, 0) ?? throw tokens.Error($"has '{token.Text}', which is not a number")));
            case TemplateTokenKind.Float:
                return new TemplateExpression.Constant(double.Parse(tokens.Next().Text, CultureInfo.InvariantCulture));
            case TemplateTokenKind.Name:
                return Named(tokens.Next().Text);
            case TemplateTokenKind.Operator when token.Text == "(":
                tokens.Next();
                var inner = tokens.Nested(() => ParseTuple(isParenthesized: true));
                tokens.RequireOperator(")");
                return inner;
            case TemplateTokenKind.Operator when token.Text == "[":
                tokens.Next();
                return new TemplateExpression.Sequence(ParseItems("]", () => ParseExpression()), IsTuple: false);
            case TemplateTokenKind.Operator when token.Text == "{":
                tokens.Next();
                return new TemplateExpression.Mapping(ParseItems("}", () =>
                {
                    var key = ParseExpression();
                    tokens.RequireOperator(":");
                    return (key, ParseExpression());
                }));
            default:
                throw tokens.Error($"has {tokens.Describe()} where an expression belongs");
        }
    }

    private TemplateExpression Named(string name)
    {
        switch (name)
        {
            case "true" or "True":
                return new TemplateExpression.Constant(true);
            case "false" or "False":
                return new TemplateExpression.Constant(false);
            case "none" or "None":
                return new TemplateExpression.Constant(null);
            default:
                if (_mentions.TryPeek(out var mentions))
                {
                    mentions.Add(name);
                }

                return new TemplateExpression.Name(name);
        }
    }

    private List<T> ParseItems<T>(string end, Func<T> parse)
    {
        var items = new List<T>();
        while (!tokens.AcceptOperator(end))
        {
            if (items.Count > 0)
            {
                tokens.RequireOperator(",");
                if (tokens.AcceptOperator(end))
                {
                    break;
                }
            }

            items.Add(parse());
        }

        return items;
    }
}
