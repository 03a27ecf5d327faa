namespace Jigsaw.Tokenization.Templates;

/// <summary>What <c>namespace()</c> gives: values that can be set from inner scopes.</summary>
internal sealed class TemplateNamespace(TemplateDictionary values)
{
    public TemplateDictionary Values { get; } = values;
}
