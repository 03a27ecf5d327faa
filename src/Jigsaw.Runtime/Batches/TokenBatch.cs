using Jigsaw.Processes;
using static TorchSharp.torch;

namespace Jigsaw.Batches;

/// <summary>Token ids with their masks, on a device, and the ids on the host.</summary>
public sealed class TokenBatch : IDisposable
{
    private readonly long[] _hostIds;

    /// <summary>Uploads ids and masks once.</summary>
    /// <param name="ids">Token ids in row-major order, batch·sequence of them.</param>
    /// <param name="attention">Real tokens, not padding.</param>
    /// <param name="loss">Positions whose logits predict a token that counts.</param>
    /// <param name="noise">Tokens that the transform changes.</param>
    /// <param name="batch">Number of sequences.</param>
    /// <param name="sequence">Tokens per sequence, padding included.</param>
    /// <param name="device">The device that they are uploaded to.</param>
    /// <param name="inReply">Tokens that the reply repeats; empty if that isn't known.</param>
    /// <param name="isPrivate">Tokens that the data names as private; empty if that isn't known.</param>
    /// <exception cref="ArgumentException">There are not batch·sequence of each.</exception>
    public TokenBatch(
        ReadOnlySpan<long> ids,
        ReadOnlySpan<bool> attention,
        ReadOnlySpan<bool> loss,
        ReadOnlySpan<bool> noise,
        int batch,
        int sequence,
        Device device,
        ReadOnlySpan<bool> inReply = default,
        ReadOnlySpan<bool> isPrivate = default)
    {
        if (ids.Length != batch * sequence)
        {
            throw new ArgumentException($"A batch of ({batch}, {sequence}) needs {batch * sequence} ids, not {ids.Length}.", nameof(ids));
        }

        _hostIds = ids.ToArray();
        BatchSize = batch;
        SequenceLength = sequence;
        AttentionMask = RowMask.FromHost(attention, batch, sequence, device);
        LossMask = RowMask.FromHost(loss, batch, sequence, device);
        NoiseMask = RowMask.FromHost(noise, batch, sequence, device);
        if (!inReply.IsEmpty)
        {
            InReplyMask = Within(noise, inReply, true, batch, sequence, device);
            NotInReplyMask = Within(noise, inReply, false, batch, sequence, device);
        }

        if (!isPrivate.IsEmpty)
        {
            PrivateMask = Within(noise, isPrivate, true, batch, sequence, device);
        }

        using var host = tensor(_hostIds, dtype: ScalarType.Int64);
        using var shaped = host.reshape(batch, sequence);
        InputIds = DeviceCopy.Of(shaped, device).DetachFromDisposeScope();
    }

    private TokenBatch(TokenBatch whole, IProcessGroup group)
    {
        var rows = ProcessRows.Of(whole.BatchSize, group.Rank, group.Size);
        var step = new MicroBatches(group.Size) { Group = group, FirstRow = rows.First, OwnRows = rows.Count, Rows = whole.BatchSize };
        var first = Math.Min(rows.First, whole.BatchSize - 1);
        (BatchSize, SequenceLength) = (Math.Max(1, rows.Count), whole.SequenceLength);
        _hostIds = [.. whole._hostIds.Skip(first * SequenceLength).Take(BatchSize * SequenceLength)];
        RowMask Part(RowMask mask) => mask.OfProcess(step, rows);
        (AttentionMask, LossMask, NoiseMask) = (Part(whole.AttentionMask), Part(whole.LossMask), Part(whole.NoiseMask));
        NotInReplyMask = whole.NotInReplyMask is { } notInReply ? Part(notInReply) : null;
        InReplyMask = whole.InReplyMask is { } inReply ? Part(inReply) : null;
        PrivateMask = whole.PrivateMask is { } isPrivate ? Part(isPrivate) : null;
        using var narrowed = whole.InputIds.narrow(0, first, BatchSize);
        InputIds = narrowed.clone().DetachFromDisposeScope();
    }

    /// <summary>Token ids, shape (batch, sequence), int64.</summary>
    public Tensor InputIds { get; }

    /// <summary>Real tokens, not padding.</summary>
    public RowMask AttentionMask { get; }

    /// <summary>Positions whose logits predict a token that counts: mask[t] = counts[t+1], false at the last position and at padding.</summary>
    public RowMask LossMask { get; }

    /// <summary>Tokens that the transform changes.</summary>
    public RowMask NoiseMask { get; }

    /// <summary>Of the tokens that the transform changes, those that the reply does not repeat; null if that isn't known.</summary>
    public RowMask? NotInReplyMask { get; }

    /// <summary>Of the tokens that the transform changes, those that the reply repeats; null if that isn't known.</summary>
    public RowMask? InReplyMask { get; }

    /// <summary>Of the tokens that the transform changes, those that the data names as private; null if that isn't known.</summary>
    public RowMask? PrivateMask { get; }

    /// <summary>Number of sequences.</summary>
    public int BatchSize { get; }

    /// <summary>Tokens per sequence, padding included.</summary>
    public int SequenceLength { get; }

    /// <summary>The ids on the host, in row-major order.</summary>
    public ReadOnlyMemory<long> HostIds => _hostIds;

    /// <summary>The rows that this process has of the step: a batch whose masks count the tokens of all of them. Padding stays that of the step.</summary>
    /// <param name="group">The processes.</param>
    internal TokenBatch PartOf(IProcessGroup group) => new(this, group);

    /// <summary>Frees ids and masks.</summary>
    public void Dispose()
    {
        InputIds.Dispose();
        AttentionMask.Dispose();
        LossMask.Dispose();
        NoiseMask.Dispose();
        NotInReplyMask?.Dispose();
        InReplyMask?.Dispose();
        PrivateMask?.Dispose();
    }

    private static RowMask Within(ReadOnlySpan<bool> noise, ReadOnlySpan<bool> mask, bool value, int batch, int sequence, Device device)
    {
        var within = new bool[mask.Length];
        for (var i = 0; i < within.Length; i++)
        {
            within[i] = i < noise.Length && noise[i] && mask[i] == value;
        }

        return RowMask.FromHost(within, batch, sequence, device);
    }
}
