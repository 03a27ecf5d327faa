namespace Jigsaw.Tokenization.Patterns;

/// <summary>A pattern can't be read, or asks for what is not supported; the message is a clause that says why.</summary>
internal sealed class PatternException(string message) : Exception(message);
