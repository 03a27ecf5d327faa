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
    private readonly RowTokenizer _rows;
    private readonly LengthLimit _limit;
    private readonly int _batchesPerEpoch;
    private readonly Func<long, IReadOnlyList<int>> _rowsAt;

    /// <summary>Tokenizes a data set.</summary>
    /// <param name="chats">The chats.</param>
    /// <param name="tokenizer">Makes ids and masks from them.</param>
    /// <param name="batchSize">Chats per batch; a single leftover chat joins the batch before it.</param>
    /// <param name="seed">Seed of the order.</param>
    /// <param name="maxLength">The most tokens of a chat, at least 2; what is longer is cut at its end. No limit when null.</param>
    /// <exception cref="ChatDataException">A chat can't be rendered, nothing of it is transformed, or no chat has a token that counts.</exception>
    public ChatBatches(ChatDataset chats, NoiseTokenizer tokenizer, int batchSize, long seed, int? maxLength = null)
        : this(chats, tokenizer, batchSize, null, seed, maxLength)
    {
    }

    private ChatBatches(ChatDataset chats, NoiseTokenizer tokenizer, int batchSize, int? tokens, long seed, int? maxLength)
    {
        ArgumentNullException.ThrowIfNull(chats);
        ArgumentNullException.ThrowIfNull(tokenizer);
        (_tokenizer, _rows, _limit) = (tokenizer, new RowTokenizer(tokenizer), new LengthLimit(maxLength));
        _chats = [.. chats.Examples.Select((chat, i) => _rows.Tokenize(chat, i + 1))];
        var kept = new bool[_chats.Length];
        for (var i = 0; i < kept.Length; i++)
        {
            var (first, example) = (RowTokenizer.FirstCounted(_chats[i]), chats.Examples[i]);
            kept[i] = _limit.Keeps(first);
            _limit.Add(_chats[i].Ids.Count, first, () => $"{example.Path}, {example.Place}");
        }

        if (!kept.Contains(true))
        {
            throw NothingCounts(chats.Examples[0], _limit);
        }

        int[] lengths = [.. _chats.Select(chat => Math.Min(chat.Ids.Count, maxLength ?? int.MaxValue))];
        if (tokens is { } most)
        {
            var order = new TokenOrder(_chats.Length, most, seed, _ => { }, row => lengths[row], row => kept[row]);
            (_rowsAt, _batchesPerEpoch) = (order.At, (int)order.FirstEpoch);
        }
        else
        {
            var order = new EpochOrder(_chats.Length, batchSize, seed, lengths);
            (_rowsAt, _batchesPerEpoch) = (new KeptRows(order, batchSize, _ => { }, row => kept[row]).At, order.BatchesPerEpoch);
        }

        TokensPerEpoch = Enumerable.Range(0, kept.Length).Where(row => kept[row]).Sum(row => (long)lengths[row]);
        Fingerprint = string.Create(CultureInfo.InvariantCulture, $"{_chats.Length} chats ({Hash(_chats)}), {Size(batchSize, tokens)} per batch, seed {seed}{Most(maxLength)}");
    }

    /// <summary>Batches of so many tokens in place of so many chats: a batch takes chats of similar length as long as their tokens are no more than the limit, but at least two. Padding is not counted.</summary>
    /// <param name="chats">The chats.</param>
    /// <param name="tokenizer">Makes ids and masks from them.</param>
    /// <param name="tokens">The most tokens of a batch, at least 1; a single chat that is left at the end of an epoch joins the batch before it.</param>
    /// <param name="seed">Seed of the order.</param>
    /// <param name="maxLength">The most tokens of a chat, at least 2; what is longer is cut at its end. No limit when null.</param>
    /// <exception cref="ChatDataException">A chat can't be rendered, nothing of it is transformed, or no chat has a token that counts.</exception>
    public static ChatBatches OfTokens(ChatDataset chats, NoiseTokenizer tokenizer, int tokens, long seed, int? maxLength = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        return new ChatBatches(chats, tokenizer, batchSize: 0, tokens, seed, maxLength);
    }

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public long? TokensPerEpoch { get; }

    /// <summary>How many batches have each chat once; of batches by tokens, those of the first epoch.</summary>
    public int BatchesPerEpoch => _batchesPerEpoch;

    /// <summary>Chats that are cut at their end.</summary>
    public long CutChats => _limit.Cut;

    /// <summary>Chats without a token that counts, which are left out.</summary>
    public long LeftOutChats => _limit.LeftOut;

    /// <summary>What should be known about the chats, in sentences: what is cut, left out, or not read by the template.</summary>
    public IReadOnlyList<string> Notes => [.. _limit.Notes(), .. _rows.Note is { } note ? [note] : Array.Empty<string>()];

    /// <inheritdoc/>
    public TokenBatch At(long step) =>
        _tokenizer.ToBatch([.. _rowsAt(step).Select(row => _chats[row])], truncation: _limit.MaxLength is not null, maxLength: _limit.MaxLength);

    /// <inheritdoc/>
    public IReadOnlyList<string> RowsAt(long step) => [.. _rowsAt(step).Select(row => row.ToString(CultureInfo.InvariantCulture))];

    /// <summary>One epoch; each batch is freed when the next is taken.</summary>
    public IEnumerator<TokenBatch> GetEnumerator()
    {
        for (var step = 0; step < _batchesPerEpoch; step++)
        {
            using var batch = At(step);
            yield return batch;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal static string Size(int batchSize, int? tokens) => (tokens ?? batchSize).ToString(CultureInfo.InvariantCulture) + (tokens is null ? "" : " tokens");

    internal static string Most(int? maxLength) => maxLength is { } most ? string.Create(CultureInfo.InvariantCulture, $", at most {most} tokens") : "";

    internal static ChatDataException NothingCounts(ChatExample first, LengthLimit limit) =>
        new(first.Path ?? "The data", null, $"has no chat of which a token counts in the loss, and the roles of its first one are {ChatFormats.Names(first.Messages.Select(message => message.Role).Distinct())}: {(limit.MaxLength is { } most ? $"raise the limit of {most} tokens, or " : "")}name the model's role '{ChatMessage.Assistant}'.");

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
