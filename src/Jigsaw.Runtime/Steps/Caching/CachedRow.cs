using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Steps.Caching;

/// <summary>A row of a batch without its padding: all that its hidden states depend on.</summary>
/// <param name="Key">The first half of the SHA-256 of its token ids, −1 for one that is masked between two real ones.</param>
/// <param name="First">The column of its first real token.</param>
/// <param name="Length">Tokens from the first real one to the last; 0 for a row of padding alone.</param>
internal readonly record struct CachedRow(UInt128 Key, int First, int Length)
{
    /// <summary>The rows of a batch. Ids and mask are read from the device only if the host has none.</summary>
    public static CachedRow[] Of(TransformedBatch batch)
    {
        var (count, sequence) = ((int)batch.InputIds.shape[0], (int)batch.InputIds.shape[1]);
        var ids = batch.HostIds is { } host ? host.Span : Host<long>(batch.InputIds);
        var mask = batch.AttentionMask.Host is { IsEmpty: false } real ? real : Host<bool>(batch.AttentionMask.Value);
        var rows = new CachedRow[count];
        for (var i = 0; i < count; i++)
        {
            rows[i] = Of(ids.Slice(i * sequence, sequence), mask.Slice(i * sequence, sequence));
        }

        return rows;
    }

    private static CachedRow Of(ReadOnlySpan<long> ids, ReadOnlySpan<bool> mask)
    {
        var first = mask.IndexOf(true);
        if (first < 0)
        {
            return default;
        }

        var length = mask.LastIndexOf(true) + 1 - first;
        var tokens = new long[length];
        for (var i = 0; i < length; i++)
        {
            tokens[i] = mask[first + i] ? ids[first + i] : -1;
        }

        return new CachedRow(BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(MemoryMarshal.AsBytes(tokens.AsSpan()))), first, length);
    }

    private static T[] Host<T>(Tensor tensor)
        where T : unmanaged
    {
        using var host = tensor.detach().cpu().contiguous();
        return host.data<T>().ToArray();
    }
}
