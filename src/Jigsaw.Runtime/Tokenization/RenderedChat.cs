namespace Jigsaw.Tokenization;

/// <summary>What a chat template made of a conversation.</summary>
/// <param name="Text">The text.</param>
/// <param name="Contents">Which of its characters are the messages' contents, in order; everything else is the template's.</param>
public sealed record RenderedChat(string Text, IReadOnlyList<ContentSpan> Contents);
