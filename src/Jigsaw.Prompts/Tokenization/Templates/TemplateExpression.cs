namespace Jigsaw.Tokenization.Templates;

/// <summary>An expression of a template.</summary>
internal abstract record TemplateExpression
{
    public sealed record Constant(object? Value) : TemplateExpression;

    public sealed record Name(string Identifier) : TemplateExpression;

    public sealed record Sequence(IReadOnlyList<TemplateExpression> Items, bool IsTuple) : TemplateExpression;

    public sealed record Mapping(IReadOnlyList<(TemplateExpression Key, TemplateExpression Value)> Entries) : TemplateExpression;

    public sealed record Attribute(TemplateExpression Target, string Member) : TemplateExpression;

    public sealed record Item(TemplateExpression Target, TemplateExpression Key) : TemplateExpression;

    public sealed record Slice(TemplateExpression Target, TemplateExpression? Start, TemplateExpression? Stop, TemplateExpression? Step) : TemplateExpression;

    public sealed record Call(TemplateExpression Target, ArgumentList Arguments) : TemplateExpression;

    /// <summary>A filter; its target is the text of its block where that is null.</summary>
    public sealed record Filter(TemplateExpression? Target, string Function, ArgumentList Arguments) : TemplateExpression;

    public sealed record Test(TemplateExpression Target, string Function, ArgumentList Arguments) : TemplateExpression;

    public sealed record Not(TemplateExpression Operand) : TemplateExpression;

    public sealed record And(TemplateExpression Left, TemplateExpression Right) : TemplateExpression;

    public sealed record Or(TemplateExpression Left, TemplateExpression Right) : TemplateExpression;

    public sealed record Unary(string Operator, TemplateExpression Operand) : TemplateExpression;

    public sealed record Binary(string Operator, TemplateExpression Left, TemplateExpression Right) : TemplateExpression;

    public sealed record Comparison(TemplateExpression First, IReadOnlyList<(string Operator, TemplateExpression Operand)> Rest) : TemplateExpression;

    public sealed record Concatenation(IReadOnlyList<TemplateExpression> Parts) : TemplateExpression;

    public sealed record Conditional(TemplateExpression Condition, TemplateExpression Value, TemplateExpression? Otherwise) : TemplateExpression;

    /// <summary>The arguments of a call, with those behind <c>*</c> and <c>**</c>.</summary>
    public sealed record ArgumentList(
        IReadOnlyList<TemplateExpression> Positional, IReadOnlyList<(string Name, TemplateExpression Value)> Named, TemplateExpression? Rest, TemplateExpression? NamedRest)
    {
        public static ArgumentList None { get; } = new([], [], null, null);
    }
}
