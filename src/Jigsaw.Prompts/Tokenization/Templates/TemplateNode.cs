namespace Jigsaw.Tokenization.Templates;

/// <summary>A piece of a template.</summary>
internal abstract record TemplateNode
{
    /// <summary>The line that it begins on.</summary>
    public int Line { get; init; }

    public sealed record Text(MarkedText Value) : TemplateNode;

    public sealed record Output(IReadOnlyList<TemplateExpression> Values) : TemplateNode;

    public sealed record If(IReadOnlyList<(TemplateExpression Condition, IReadOnlyList<TemplateNode> Body)> Branches, IReadOnlyList<TemplateNode> Otherwise) : TemplateNode;

    public sealed record For(
        TemplateTarget Target,
        TemplateExpression Items,
        TemplateExpression? Condition,
        bool IsRecursive,
        IReadOnlyList<TemplateNode> Body,
        IReadOnlyList<TemplateNode> Otherwise) : TemplateNode;

    public sealed record Set(TemplateTarget Target, TemplateExpression Value) : TemplateNode;

    public sealed record SetBlock(TemplateTarget Target, TemplateExpression? Filter, IReadOnlyList<TemplateNode> Body) : TemplateNode;

    public sealed record Macro(string Name, IReadOnlyList<(string Name, TemplateExpression? Otherwise)> Parameters, IReadOnlyList<TemplateNode> Body) : TemplateNode
    {
        public required bool UsesCaller { get; init; }

        public required bool UsesNamed { get; init; }

        public required bool UsesRest { get; init; }
    }

    public sealed record CallBlock(TemplateExpression.Call Call, Macro Caller) : TemplateNode;

    public sealed record FilterBlock(TemplateExpression Filter, IReadOnlyList<TemplateNode> Body) : TemplateNode;

    public sealed record With(IReadOnlyList<(TemplateTarget Target, TemplateExpression Value)> Values, IReadOnlyList<TemplateNode> Body) : TemplateNode;

    public sealed record AutoEscape(TemplateExpression Value, IReadOnlyList<TemplateNode> Body) : TemplateNode;

    public sealed record Block(string Name, bool IsScoped, bool IsRequired, IReadOnlyList<TemplateNode> Body) : TemplateNode;

    /// <summary>What the model is to write: transformers' <c>{% generation %}</c>.</summary>
    public sealed record Generation(IReadOnlyList<TemplateNode> Body) : TemplateNode;

    public sealed record Do(TemplateExpression Value) : TemplateNode;

    public sealed record Break : TemplateNode;

    public sealed record Continue : TemplateNode;

    /// <summary>A statement that needs other templates, of which there are none.</summary>
    public sealed record OtherTemplate(string Statement) : TemplateNode
    {
        public TemplateException Error() => new($"has the statement '{Statement}', which reads another template; a chat template stands alone, so write it into this one");
    }
}
