namespace Jigsaw.Tokenization.Templates;

/// <summary>The template itself refuses the conversation, with <c>raise_exception</c>.</summary>
internal sealed class TemplateRefusal(string reason) : Exception(reason);
