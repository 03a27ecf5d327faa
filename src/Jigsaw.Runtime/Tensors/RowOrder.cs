using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Tensors;

/// <summary>
/// The rows that several sources need, each row once, sorted so that a source's rows are contiguous: rows that all sources need come first. Made on
/// the host, from packed masks only; if any mask is bare, every row is taken, in order.
/// </summary>
internal sealed class RowOrder : IDisposable
{
    private readonly uint[]? _needs;

    private RowOrder(int count, Tensor? index, uint[]? needs, bool packed)
    {
        Count = count;
        Index = index;
        _needs = needs;
        IsPacked = packed;
    }

    /// <summary>How many rows there are.</summary>
    internal int Count { get; }

    /// <summary>Their positions among the batch·sequence rows, shape (count) int64; null for every row, in order.</summary>
    internal Tensor? Index { get; }

    /// <summary>True if every row is needed by some source, so no row holds values that must not be read.</summary>
    internal bool IsPacked { get; }

    /// <summary>Orders rows.</summary>
    /// <param name="masks">The masks of each source's terms.</param>
    /// <param name="total">batch·sequence.</param>
    /// <param name="device">The device of the index.</param>
    internal static RowOrder Of(IReadOnlyList<IReadOnlyList<RowMask>> masks, int total, Device device)
    {
        if (masks.Any(source => source.Any(mask => !mask.IsPacked)))
        {
            return new RowOrder(total, null, null, packed: false);
        }

        var needs = new uint[total];
        for (var source = 0; source < masks.Count; source++)
        {
            foreach (var mask in masks[source].Distinct())
            {
                var host = mask.Host;
                for (var row = 0; row < host.Length; row++)
                {
                    if (host[row])
                    {
                        needs[row] |= 1u << source;
                    }
                }
            }
        }

        var rows = new List<long>(total);
        for (var row = 0; row < total; row++)
        {
            if (needs[row] != 0)
            {
                rows.Add(row);
            }
        }

        var sorted = rows.OrderByDescending(row => uint.PopCount(needs[row])).ThenByDescending(row => needs[row]).ThenBy(row => row).ToArray();
        var inOrder = sorted.Length == total && sorted.AsSpan().SequenceEqual([.. rows]);
        using var host64 = tensor(sorted, dtype: ScalarType.Int64);
        return new RowOrder(sorted.Length, inOrder ? null : DeviceCopy.Of(host64, device).DetachFromDisposeScope(), [.. sorted.Select(row => needs[row])], packed: true);
    }

    /// <summary>The shortest part of a range of rows that holds every row a source needs.</summary>
    internal (int Start, int Length) Cover(int source, int start, int length)
    {
        if (_needs is null)
        {
            return (start, length);
        }

        var (first, last) = (-1, -1);
        for (var row = start; row < start + length; row++)
        {
            if ((_needs[row] & (1u << source)) != 0)
            {
                first = first < 0 ? row : first;
                last = row;
            }
        }

        return first < 0 ? (start, 0) : (first, last - first + 1);
    }

    /// <summary>True if a source needs every row of a range.</summary>
    internal bool NeedsAll(int source, int start, int length)
    {
        for (var row = start; _needs is not null && row < start + length; row++)
        {
            if ((_needs[row] & (1u << source)) == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Frees the index.</summary>
    public void Dispose() => Index?.Dispose();
}
