namespace Jigsaw.Tokenization.Templates;

/// <summary>Jinja's namespace(): values that a loop may set for what comes after it.</summary>
internal sealed class TemplateNamespace
{
    public Dictionary<string, object?> Values { get; } = new(StringComparer.Ordinal);
}
