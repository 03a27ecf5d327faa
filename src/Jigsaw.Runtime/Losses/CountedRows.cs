using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Losses;

/// <summary>
/// The tokens of a batch that count, as rows, a block at a time. With a packed mask only those rows are gathered; with a bare one all rows
/// are kept, those that don't count are replaced by zeros, and a weight of 0 keeps them out of every mean. Uses only operations that
/// libtorch also has on META: no index_select, no where.
/// </summary>
internal readonly struct CountedRows
{
    private const long BlockBytes = 1L << 20;

    private readonly Tensor? _index;
    private readonly Tensor? _excluded;
    private readonly Tensor? _weights;
    private readonly ScalarType _type;

    /// <summary>Reads a mask. Tensors made here belong to the current dispose scope.</summary>
    internal CountedRows(RowMask mask, ScalarType type)
    {
        _type = type;
        var total = mask.Value.numel();
        if (mask.Rows is { } rows)
        {
            Count = rows.shape[0];
            _index = Count == total ? null : rows;
        }
        else
        {
            Count = total;
            var flat = mask.Value.reshape(-1);
            _excluded = flat.eq(false);
            _weights = flat.to(type);
        }
    }

    /// <summary>How many rows are kept.</summary>
    internal long Count { get; }

    /// <summary>Which rows of the batch are kept, null for all: what a gradient of the rows is scattered by.</summary>
    internal Tensor? Index => _index;

    /// <summary>How many rows count, at least 1: shape ().</summary>
    internal Tensor Denominator(Device device) =>
        _weights is null ? full([], Math.Max(Count, 1), dtype: _type, device: device) : _weights.sum().clamp_min(1);

    /// <summary>Mean of a value per row, shape (rows, 1), over the rows that count; 0 when none does.</summary>
    internal Tensor Mean(Tensor perRow)
    {
        var denominator = Denominator(perRow.device);
        return (_excluded is null ? perRow : perRow.masked_fill(_excluded.unsqueeze(1), 0)).sum() / denominator;
    }

    /// <summary>What each row weighs in a mean, shape (count, 1) or ().</summary>
    internal Tensor Shares(long start, long count, Tensor denominator) =>
        _weights is null ? denominator.reciprocal() : _weights.narrow(0, start, count).unsqueeze(1) / denominator;

    /// <summary>Blocks of rows that fit the cache together with what is computed of them.</summary>
    internal IEnumerable<(long Start, long Count)> Blocks(long features, Device device)
    {
        var size = device.type == DeviceType.CPU ? Math.Max(BlockBytes / (features * _type.ElementSize()), 16) : Math.Max(Count, 1);
        for (long start = 0; start < Count; start += size)
        {
            yield return (start, Math.Min(size, Count - start));
        }
    }

    /// <summary>A block of rows, shape (count, features), in the type of the reductions: a view where nothing has to change.</summary>
    /// <param name="rows">All rows, shape (batch·sequence, features).</param>
    /// <param name="start">First of the kept rows.</param>
    /// <param name="count">Number of rows.</param>
    internal Tensor Read(Tensor rows, long start, long count)
    {
        if (_index is { } index)
        {
            return Gather(rows, index.narrow(0, start, count)).to(_type);
        }

        var block = rows.narrow(0, start, count).to(_type);
        return _excluded is null ? block : block.masked_fill(_excluded.narrow(0, start, count).unsqueeze(1), 0);
    }

    /// <summary>Rows by their index: a copy.</summary>
    internal static Tensor Gather(Tensor rows, Tensor index) => rows.index(TensorIndex.Tensor(index));
}
