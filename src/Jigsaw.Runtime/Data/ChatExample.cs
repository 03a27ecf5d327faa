using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>One chat of a data file.</summary>
/// <param name="Messages">Its messages, in order.</param>
/// <param name="Facts">The private facts that occur in the user's message, by name; empty if the file has none.</param>
public sealed record ChatExample(IReadOnlyList<ChatMessage> Messages, IReadOnlyDictionary<string, string> Facts);
