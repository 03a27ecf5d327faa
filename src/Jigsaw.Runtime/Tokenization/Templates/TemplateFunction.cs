namespace Jigsaw.Tokenization.Templates;

/// <summary>Something that a template can call.</summary>
internal delegate object? TemplateFunction(IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named);
