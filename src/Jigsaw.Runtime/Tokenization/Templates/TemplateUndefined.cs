namespace Jigsaw.Tokenization.Templates;

/// <summary>What a name or member that isn't there stands for: nothing when written, an error when something is read from it.</summary>
internal sealed record TemplateUndefined(string Name);
