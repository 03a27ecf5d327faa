namespace Jigsaw.Tokenization.Templates;

/// <summary>The tokens of a template, read one after the other.</summary>
internal sealed class TemplateTokens(IReadOnlyList<TemplateToken> tokens)
{
    private const int MaximumDepth = 200;

    private int _at;
    private int _depth;

    public TemplateToken Current => tokens[_at];

    public TemplateToken Following => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public TemplateToken Next() => Current.Kind == TemplateTokenKind.End ? Current : tokens[_at++];

    public bool AcceptOperator(string symbol) => Accept(TemplateTokenKind.Operator, symbol);

    public bool AcceptName(string name) => Accept(TemplateTokenKind.Name, name);

    public void RequireOperator(string symbol)
    {
        if (!AcceptOperator(symbol))
        {
            throw Error($"has {Describe()} where a '{symbol}' belongs");
        }
    }

    public void RequireName(string name)
    {
        if (!AcceptName(name))
        {
            throw Error($"has {Describe()} where '{name}' belongs");
        }
    }

    public TemplateToken Expect(TemplateTokenKind kind, string what) => Current.Kind == kind ? Next() : throw Error($"has {Describe()} where {what} belongs");

    public string ExpectName() => Expect(TemplateTokenKind.Name, "a name").Text;

    /// <summary>Goes one level deeper into what is nested.</summary>
    public T Nested<T>(Func<T> parse)
    {
        if (++_depth > MaximumDepth)
        {
            throw Error($"is nested deeper than {MaximumDepth} levels");
        }

        var result = parse();
        _depth--;
        return result;
    }

    public TemplateException Error(string problem) => new($"{problem} (line {Current.Line})");

    public string Describe() => Current.Kind switch
    {
        TemplateTokenKind.End => "its end",
        TemplateTokenKind.BlockEnd => "'%}'",
        TemplateTokenKind.OutputEnd => "'}}'",
        TemplateTokenKind.Literal => "a text",
        _ => $"'{Current.Text}'",
    };

    private bool Accept(TemplateTokenKind kind, string text)
    {
        if (!Current.Is(kind, text))
        {
            return false;
        }

        _at++;
        return true;
    }
}
