using System.Collections;
using Jigsaw.Tokenization;

namespace Jigsaw.Training;

/// <summary>Shuffled batches of chats, tokenized with their masks; the loss counts the assistant's replies.</summary>
public sealed class ChatBatches : ITokenBatches, IEnumerable<TokenBatch>
{
    private readonly ChatDataset _chats;
    private readonly NoiseTokenizer _tokenizer;
    private readonly EpochOrder _order;

    /// <summary>Batches of a data set.</summary>
    /// <param name="chats">The chats.</param>
    /// <param name="tokenizer">Makes ids and masks of them.</param>
    /// <param name="batchSize">Chats a batch; a last single chat joins the batch before it.</param>
    /// <param name="seed">Seed of the order.</param>
    public ChatBatches(ChatDataset chats, NoiseTokenizer tokenizer, int batchSize, long seed)
    {
        ArgumentNullException.ThrowIfNull(chats);
        ArgumentNullException.ThrowIfNull(tokenizer);
        _chats = chats;
        _tokenizer = tokenizer;
        _order = new EpochOrder(chats.Examples.Count, batchSize, seed);
    }

    /// <inheritdoc/>
    public TokenBatch At(long step)
    {
        var conversations = new List<IReadOnlyList<ChatMessage>>();
        foreach (var row in _order.At(step))
        {
            conversations.Add(_chats.Examples[row].Messages);
        }

        return _tokenizer.ApplyChatTemplate(conversations, ignorePromptLoss: true);
    }

    /// <summary>One epoch; each batch is freed when the next is taken.</summary>
    public IEnumerator<TokenBatch> GetEnumerator()
    {
        for (var step = 0; step < _order.BatchesPerEpoch; step++)
        {
            using var batch = At(step);
            yield return batch;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
