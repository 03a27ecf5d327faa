namespace Jigsaw.Tokenization.Templates;

/// <summary>A template can't be read or run; the message is a predicate ("adds a list and a number") for the exception that reaches the user.</summary>
internal sealed class TemplateException(string message) : Exception(message);
