namespace Jigsaw.Checkpoints;

/// <summary>In the place of a file is something else; the message says what, and what to do.</summary>
internal sealed class NotAFileException(string message) : IOException(message);
