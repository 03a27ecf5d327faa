using Jigsaw.Client.Embeddings;

namespace Jigsaw.Client;

/// <summary>A prompt as it leaves the company: x̃, one row for each token.</summary>
public sealed class TransformedPrompt
{
    internal TransformedPrompt(byte[] bytes, int tokenCount, int features, EmbeddingType type, int freshTokens, string cacheSalt)
    {
        (Bytes, TokenCount, Features, Type, FreshTokenCount, CacheSalt) = (bytes, tokenCount, features, type, freshTokens, cacheSalt);
    }

    /// <summary>The rows one after another, <see cref="TokenCount"/> · <see cref="Features"/> numbers of <see cref="Type"/>, little-endian.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Rows.</summary>
    public int TokenCount { get; }

    /// <summary>Numbers of a row.</summary>
    public int Features { get; }

    /// <summary>The type of a number.</summary>
    public EmbeddingType Type { get; }

    /// <summary>Rows with fresh noise; the others were sent before, byte for byte.</summary>
    public int FreshTokenCount { get; }

    /// <summary>A random text that is the same for all prompts of a conversation: a server's prefix cache may know them by it, and other conversations not.</summary>
    public string CacheSalt { get; }

    /// <summary>The rows as float32, which has every number of the other types.</summary>
    /// <returns>Row-major, <see cref="TokenCount"/> · <see cref="Features"/> numbers.</returns>
    public float[] ToSingles()
    {
        var numbers = new float[TokenCount * Features];
        EmbeddingNumbers.Read(Bytes.Span, Type, numbers);
        return numbers;
    }
}
