namespace Jigsaw.Tokenization.Templates;

/// <summary>An expression of a template.</summary>
internal abstract record TemplateExpression
{
    public sealed record Constant(object? Value) : TemplateExpression;

    public sealed record Name(string Identifier) : TemplateExpression;

    public sealed record ListOf(IReadOnlyList<TemplateExpression> Items) : TemplateExpression;

    public sealed record DictionaryOf(IReadOnlyList<(TemplateExpression Key, TemplateExpression Value)> Entries) : TemplateExpression;

    public sealed record Attribute(TemplateExpression Target, string Member) : TemplateExpression;

    public sealed record Item(TemplateExpression Target, TemplateExpression Key) : TemplateExpression;

    public sealed record Slice(TemplateExpression Target, TemplateExpression? Start, TemplateExpression? End, TemplateExpression? Step) : TemplateExpression;

    public sealed record Call(TemplateExpression Target, IReadOnlyList<TemplateExpression> Arguments, IReadOnlyList<(string Name, TemplateExpression Value)> Named) : TemplateExpression;

    public sealed record Filter(TemplateExpression Target, string Function, IReadOnlyList<TemplateExpression> Arguments, IReadOnlyList<(string Name, TemplateExpression Value)> Named) : TemplateExpression;

    public sealed record Test(TemplateExpression Target, string Function, IReadOnlyList<TemplateExpression> Arguments, bool Negated) : TemplateExpression;

    public sealed record Unary(string Operator, TemplateExpression Operand) : TemplateExpression;

    public sealed record Binary(string Operator, TemplateExpression Left, TemplateExpression Right) : TemplateExpression;

    public sealed record Conditional(TemplateExpression Condition, TemplateExpression Value, TemplateExpression? Otherwise) : TemplateExpression;
}
