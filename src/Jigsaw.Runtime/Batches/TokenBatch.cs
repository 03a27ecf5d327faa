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
    /// <exception cref="ArgumentException">There are not batch·sequence of each.</exception>
    public TokenBatch(ReadOnlySpan<long> ids, ReadOnlySpan<bool> attention, ReadOnlySpan<bool> loss, ReadOnlySpan<bool> noise, int batch, int sequence, Device device)
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
        using var host = tensor(_hostIds, dtype: ScalarType.Int64);
        using var shaped = host.reshape(batch, sequence);
        InputIds = shaped.to(device, copy: true).DetachFromDisposeScope();
    }

    /// <summary>Token ids, shape (batch, sequence), int64.</summary>
    public Tensor InputIds { get; }

    /// <summary>Real tokens, not padding.</summary>
    public RowMask AttentionMask { get; }

    /// <summary>Positions whose logits predict a token that counts: mask[t] = counts[t+1], false at the last position and at padding.</summary>
    public RowMask LossMask { get; }

    /// <summary>Tokens that the transform changes.</summary>
    public RowMask NoiseMask { get; }

    /// <summary>Number of sequences.</summary>
    public int BatchSize { get; }

    /// <summary>Tokens per sequence, padding included.</summary>
    public int SequenceLength { get; }

    /// <summary>The ids on the host, in row-major order.</summary>
    public ReadOnlyMemory<long> HostIds => _hostIds;

    /// <summary>Frees ids and masks.</summary>
    public void Dispose()
    {
        InputIds.Dispose();
        AttentionMask.Dispose();
        LossMask.Dispose();
        NoiseMask.Dispose();
    }
}
