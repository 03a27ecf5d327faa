using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Jigsaw.Batches;
using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>Shuffled batches of chats of similar length, tokenized once with their masks; the loss counts the assistant's replies.</summary>
public sealed class ChatBatches : ITokenBatches, IEnumerable<TokenBatch>
{
    private readonly NoiseTokenizer _tokenizer;
    private readonly TokenizedChat[] _chats;
    private readonly EpochOrder _order;

    /// <summary>Tokenizes a data set.</summary>
    /// <param name="chats">The chats.</param>
    /// <param name="tokenizer">Makes ids and masks from them.</param>
    /// <param name="batchSize">Chats per batch; a single leftover chat joins the batch before it.</param>
    /// <param name="seed">Seed of the order.</param>
    public ChatBatches(ChatDataset chats, NoiseTokenizer tokenizer, int batchSize, long seed)
    {
        ArgumentNullException.ThrowIfNull(chats);
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _chats = [.. chats.Examples.Select(chat => tokenizer.Tokenize(chat.Messages, ignorePromptLoss: true))];
        _order = new EpochOrder(_chats.Length, batchSize, seed, [.. _chats.Select(chat => chat.Ids.Count)]);
        Fingerprint = string.Create(CultureInfo.InvariantCulture, $"{_chats.Length} chats ({Hash(_chats)}), {batchSize} per batch, seed {seed}");
    }

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <summary>How many batches have each chat once.</summary>
    public int BatchesPerEpoch => _order.BatchesPerEpoch;

    /// <inheritdoc/>
    public TokenBatch At(long step)
    {
        var chats = new List<TokenizedChat>();
        foreach (var row in _order.At(step))
        {
            chats.Add(_chats[row]);
        }

        return _tokenizer.ToBatch(chats);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> RowsAt(long step) => [.. _order.At(step).ToArray().Select(row => row.ToString(CultureInfo.InvariantCulture))];

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

    /// <summary>The first characters of the SHA-256 of the chats' ids.</summary>
    private static string Hash(TokenizedChat[] chats)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var chat in chats)
        {
            hash.AppendData(MemoryMarshal.AsBytes<int>([chat.Ids.Count, .. chat.Ids]));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }
}
