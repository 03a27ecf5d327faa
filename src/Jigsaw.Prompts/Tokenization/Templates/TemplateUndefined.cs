namespace Jigsaw.Tokenization.Templates;

/// <summary>What a name or member that isn't there stands for: nothing when written, an error when it is used for more.</summary>
/// <param name="Problem">A predicate for the error, such as "uses 'x', which is undefined".</param>
internal sealed record TemplateUndefined(string Problem)
{
    public static TemplateUndefined Name(string name) => new($"uses '{name}', which is undefined");

    public static TemplateUndefined Member(object? target, string member) => new($"uses the member '{member}' of {TemplateKinds.Of(target)}, which has none of that name");

    public static TemplateUndefined Element(object? target, string key) => new($"uses the element {key} of {TemplateKinds.Of(target)}, which is not there");

    public static TemplateUndefined Unsafe(object? target, string member) => new($"uses '{member}' of {TemplateKinds.Of(target)}, which a template may not");

    public TemplateException Error() => new(Problem);
}
