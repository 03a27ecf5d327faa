namespace Jigsaw.Tokenization;

/// <summary>One conversation as tokens, on the host, before padding.</summary>
/// <param name="Ids">The token ids.</param>
/// <param name="Counts">Tokens that count in the loss: not yet moved to the positions that predict them.</param>
/// <param name="Noise">Tokens that the transform changes.</param>
public sealed record TokenizedChat(IReadOnlyList<int> Ids, IReadOnlyList<bool> Counts, IReadOnlyList<bool> Noise)
{
    /// <summary>Tokens whose every character, a leading space aside, belongs to a word that the reply repeats; empty if that isn't known.</summary>
    public IReadOnlyList<bool> InReply { get; init; } = [];

    /// <summary>Tokens that have a character that the data names as private; empty if that isn't known.</summary>
    public IReadOnlyList<bool> Private { get; init; } = [];
}
