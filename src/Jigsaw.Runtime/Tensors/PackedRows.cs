using Jigsaw.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Tensors;

/// <summary>
/// The tokens of a batch that count, as rows, one block at a time. With a packed mask only those rows are gathered; with a bare one all rows
/// are kept, and those that don't count are replaced with zeros. Uses only operations that libtorch also has on META: no index_select, no
/// where.
/// </summary>
internal readonly struct PackedRows
{
    private const long BlockBytes = 1L << 20;
    private const long DeviceBlockBytes = 64L << 20;

    private readonly ScalarType _type;

    /// <summary>Reads a mask. Tensors made here belong to the current dispose scope.</summary>
    internal PackedRows(RowMask mask, ScalarType type)
        : this(IndexOf(mask), mask.IsPacked ? null : mask.Value.reshape(-1).eq(Scalars.Of(false)), mask.Rows?.shape[0] ?? mask.Value.numel(), type)
    {
    }

    /// <summary>Restores rows from what was saved.</summary>
    /// <param name="index">The rows of the batch that are kept; null for all.</param>
    /// <param name="excluded">The rows that don't count, among all rows; null if all kept rows count.</param>
    /// <param name="count">How many rows are kept.</param>
    /// <param name="type">The type of the reductions.</param>
    internal PackedRows(Tensor? index, Tensor? excluded, long count, ScalarType type)
    {
        (Index, Excluded, Count, _type) = (index, excluded, count, type);
    }

    /// <summary>How many rows are kept.</summary>
    internal long Count { get; }

    /// <summary>The rows of the batch that are kept, null for all: the index by which a gradient of the rows is scattered.</summary>
    internal Tensor? Index { get; }

    /// <summary>The kept rows that don't count, shape (count); null for none.</summary>
    internal Tensor? Excluded { get; }

    /// <summary>The kept rows that a mask leaves out, shape (count, 1); null for none. The mask holds no row that isn't kept.</summary>
    internal Tensor? LeftOutBy(RowMask mask)
    {
        if (mask.Count == Count)
        {
            return null;
        }

        var counts = mask.Value.reshape(-1);
        return (Index is null ? counts : Gather(counts, Index)).eq(Scalars.Of(false)).unsqueeze(1);
    }

    /// <summary>How many rows count in a mask, in all micro-batches of its step, at least 1: shape ().</summary>
    internal Tensor Denominator(RowMask mask) =>
        mask.CountInStep is { } count ? full([], Scalars.Of(Math.Max(count, 1)), dtype: _type, device: mask.Value.device) : mask.Value.to(_type).sum().clamp_min(Scalars.Of(1));

    /// <summary>Blocks of rows that fit in the cache together with what is computed from them.</summary>
    internal IEnumerable<(long Start, long Count)> Blocks(long features, Device device)
    {
        var size = Math.Max((device.type == DeviceType.CPU ? BlockBytes : DeviceBlockBytes) / (Math.Max(features, 1) * _type.ElementSize()), 16);
        for (long start = 0; start < Count; start += size)
        {
            yield return (start, Math.Min(size, Count - start));
        }
    }

    /// <summary>A block of rows, shape (count, features), in the type of the reductions: a view if nothing has to change.</summary>
    /// <param name="rows">All rows, shape (batch·sequence, features).</param>
    /// <param name="start">First of the kept rows.</param>
    /// <param name="count">Number of rows.</param>
    internal Tensor Read(Tensor rows, long start, long count)
    {
        if (Index is { } index)
        {
            return Gather(rows, index.narrow(0, start, count)).to(_type);
        }

        var block = rows.narrow(0, start, count).to(_type);
        return Excluded is null ? block : block.masked_fill(Excluded.narrow(0, start, count).unsqueeze(1), Scalars.Of(0));
    }

    /// <summary>Rows by their index: a copy.</summary>
    internal static Tensor Gather(Tensor rows, Tensor index) => rows.index(TensorIndex.Tensor(index));

    private static Tensor? IndexOf(RowMask mask) => mask.Rows?.shape[0] == mask.Value.numel() ? null : mask.Rows;
}
