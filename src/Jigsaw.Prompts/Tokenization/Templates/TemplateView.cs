namespace Jigsaw.Tokenization.Templates;

/// <summary>The keys, values or items of a dictionary.</summary>
/// <param name="Dictionary">The dictionary.</param>
/// <param name="Kind"><c>keys</c>, <c>values</c> or <c>items</c>.</param>
internal sealed record TemplateView(TemplateDictionary Dictionary, string Kind)
{
    public IEnumerable<object?> Items => Dictionary.Entries.Select(entry => Kind switch
    {
        "keys" => entry.Key,
        "values" => entry.Value,
        _ => TemplateList.Tuple(entry.Key, entry.Value),
    });
}
