namespace Jigsaw.Tokenization.Templates;

/// <summary>The arguments of a call as they were given.</summary>
internal sealed record TemplateArguments(IReadOnlyList<object?> Positional, IReadOnlyList<KeyValuePair<MarkedText, object?>> Named)
{
    public static TemplateArguments None { get; } = new([], []);

    public static TemplateArguments Of(params object?[] positional) => new(positional, []);

    /// <summary>The named ones as a dictionary, which keeps the marks of names that came from content.</summary>
    public TemplateDictionary NamedValues()
    {
        var values = new TemplateDictionary();
        foreach (var (name, value) in Named)
        {
            values.Set(name, value);
        }

        return values;
    }
}
