using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Tokenization;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>Batches of chats in random order with repetition, for attackers who learn: the same number always gives the same batch.</summary>
/// <param name="chats">The chats, at least one.</param>
/// <param name="tokenizer">Makes tokens and masks of them.</param>
/// <param name="batchSize">Chats per batch.</param>
/// <param name="seed">Seed of the order.</param>
internal sealed class ChatSample(IReadOnlyList<ChatExample> chats, NoiseTokenizer tokenizer, int batchSize, long seed) : ITokenBatches
{
    private readonly TokenizedChat[] _chats = [.. chats.Select(chat => chat.Tokenize(tokenizer))];

    public TokenBatch At(long step)
    {
        var random = new Random(unchecked((int)((seed * 2654435761L) ^ (step * 40503L))));
        return tokenizer.ToBatch([.. Enumerable.Range(0, batchSize).Select(_ => _chats[random.Next(_chats.Length)])]);
    }
}
