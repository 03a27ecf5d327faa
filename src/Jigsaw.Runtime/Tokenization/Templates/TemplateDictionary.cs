namespace Jigsaw.Tokenization.Templates;

/// <summary>A mapping from texts to values, in order.</summary>
internal sealed class TemplateDictionary
{
    public OrderedDictionary<string, object?> Entries { get; } = new(StringComparer.Ordinal);
}
