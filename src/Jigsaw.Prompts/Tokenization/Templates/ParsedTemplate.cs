namespace Jigsaw.Tokenization.Templates;

/// <summary>A template as it was read.</summary>
/// <param name="Nodes">Its pieces.</param>
/// <param name="Blocks">Its named blocks.</param>
/// <param name="HasGeneration">True if it says with <c>{% generation %}</c> what the model is to write.</param>
/// <param name="OtherTemplate">A statement of it that reads another template, which can't be run; null where it has none.</param>
internal sealed record ParsedTemplate(IReadOnlyList<TemplateNode> Nodes, IReadOnlyDictionary<string, TemplateNode.Block> Blocks, bool HasGeneration, string? OtherTemplate);
