using Jigsaw.Tokenization.Unicode;

namespace Jigsaw.Tokenization;

/// <summary>What a tokenizer.json says, ready to run.</summary>
internal sealed record TokenizerModel
{
    /// <summary>The file it was read from.</summary>
    public required string Path { get; init; }

    public required BytePairEncoder Encoder { get; init; }

    public required Func<TextUnit[], TextUnit[]> Normalize { get; init; }

    public required Func<TextUnit[], IEnumerable<TextUnit[]>> Split { get; init; }

    public required IReadOnlyList<AddedToken> Added { get; init; }

    /// <summary>Ids put before and behind a text.</summary>
    public required (IReadOnlyList<int> Before, IReadOnlyList<int> After) Frame { get; init; }

    /// <summary>The tokens by id; empty where an id is not in use.</summary>
    public required string?[] Tokens { get; init; }

    public required TokenDecoding Decoding { get; init; }
}
