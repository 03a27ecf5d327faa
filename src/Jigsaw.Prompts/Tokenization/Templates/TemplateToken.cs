namespace Jigsaw.Tokenization.Templates;

/// <summary>A token of a template.</summary>
internal readonly record struct TemplateToken(TemplateTokenKind Kind, string Text, int Line)
{
    public bool Is(TemplateTokenKind kind, string text) => Kind == kind && Text == text;

    public bool IsName(string text) => Is(TemplateTokenKind.Name, text);

    public bool IsOperator(string text) => Is(TemplateTokenKind.Operator, text);
}
