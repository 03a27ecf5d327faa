namespace Jigsaw.Tokenization.Templates;

/// <summary>What a value is given to.</summary>
internal abstract record TemplateTarget
{
    public sealed record Variable(string Name) : TemplateTarget;

    public sealed record Member(string Namespace, string Name) : TemplateTarget;

    public sealed record Several(IReadOnlyList<TemplateTarget> Targets) : TemplateTarget;
}
