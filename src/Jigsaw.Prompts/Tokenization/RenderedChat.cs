namespace Jigsaw.Tokenization;

/// <summary>What a chat template made of a conversation.</summary>
/// <param name="Text">The text.</param>
/// <param name="Contents">Which of its characters are content (of messages, tools and documents), in order; everything else is the template's.</param>
public sealed record RenderedChat(string Text, IReadOnlyList<ContentSpan> Contents)
{
    /// <summary>The characters within the template's <c>{% generation %}</c>, in order; null where the template has no such statement.</summary>
    public IReadOnlyList<Range>? Generated { get; init; }

    /// <summary>The characters that messages name as private, in order.</summary>
    public IReadOnlyList<Range> Private { get; init; } = [];

    /// <summary>The contents, and the places of empty ones.</summary>
    internal IReadOnlyList<ContentSpan> Places { get; init; } = Contents;
}
