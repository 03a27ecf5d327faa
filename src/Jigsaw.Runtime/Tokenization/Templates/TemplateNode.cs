namespace Jigsaw.Tokenization.Templates;

/// <summary>A statement of a template.</summary>
internal abstract record TemplateNode
{
    public sealed record Text(string Value) : TemplateNode;

    public sealed record Output(TemplateExpression Value) : TemplateNode;

    public sealed record If(IReadOnlyList<(TemplateExpression Condition, IReadOnlyList<TemplateNode> Body)> Branches, IReadOnlyList<TemplateNode> Otherwise) : TemplateNode;

    public sealed record For(IReadOnlyList<string> Names, TemplateExpression Items, TemplateExpression? Condition, IReadOnlyList<TemplateNode> Body, IReadOnlyList<TemplateNode> Otherwise) : TemplateNode;

    public sealed record Set(IReadOnlyList<string> Names, string? Attribute, TemplateExpression Value) : TemplateNode;

    public sealed record SetBlock(string Name, IReadOnlyList<TemplateNode> Body) : TemplateNode;

    public sealed record Macro(string Name, IReadOnlyList<(string Name, TemplateExpression? Default)> Parameters, IReadOnlyList<TemplateNode> Body) : TemplateNode;

    /// <summary>A block that is rendered as it stands, such as <c>generation</c>.</summary>
    public sealed record Group(IReadOnlyList<TemplateNode> Body) : TemplateNode;

    public sealed record Break : TemplateNode;

    public sealed record Continue : TemplateNode;
}
