namespace Jigsaw.Data;

/// <summary>
/// Cuts shuffled epochs into batches, by number and without state. A single leftover row joins the batch before it, since the
/// mutual information needs two. If the rows' lengths are known, rows of similar length share a batch, so little of it is padding;
/// batches still come in random order.
/// </summary>
internal sealed class EpochOrder
{
    // Rows are sorted among this many batches: enough to leave little padding, few enough that batches differ between epochs.
    private const int BatchesSortedTogether = 16;

    private readonly int _rows;
    private readonly int _batchSize;
    private readonly long _seed;
    private readonly int _batches;
    private readonly IReadOnlyList<int>? _lengths;
    private Epoch? _last;

    /// <summary>An order over rows.</summary>
    /// <param name="rows">Rows of the data, at least 1.</param>
    /// <param name="batchSize">Rows per batch, at least 1.</param>
    /// <param name="seed">Seed of the shuffles.</param>
    /// <param name="lengths">Tokens of each row; null leaves rows unsorted.</param>
    public EpochOrder(int rows, int batchSize, long seed, IReadOnlyList<int>? lengths = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (lengths is not null && lengths.Count != rows)
        {
            throw new ArgumentException($"There are {lengths.Count} lengths for {rows} rows.", nameof(lengths));
        }

        _lengths = lengths;
        _rows = rows;
        _batchSize = batchSize;
        _seed = seed;
        var batches = (rows + batchSize - 1) / batchSize;
        _batches = batches > 1 && batchSize > 1 && rows % batchSize == 1 ? batches - 1 : batches;
    }

    /// <summary>Batches per epoch.</summary>
    public int BatchesPerEpoch => _batches;

    /// <summary>The rows of a batch. Of the lengths it reads those of the rows that <see cref="NeededAt"/> gives.</summary>
    /// <param name="step">Number of the batch, counted from 0 through all epochs.</param>
    public ReadOnlySpan<int> At(long step)
    {
        var (epoch, start, end) = Place(step);
        foreach (var window in Windows(start, end))
        {
            Sort(epoch, window);
        }

        return epoch.Order.AsSpan(start, end - start);
    }

    /// <summary>The rows that a batch is cut from once they are sorted by length.</summary>
    /// <param name="step">Number of the batch, counted from 0 through all epochs.</param>
    public ReadOnlySpan<int> NeededAt(long step)
    {
        var (epoch, start, end) = Place(step);
        var windows = Windows(start, end).ToArray();
        var first = windows[0] * WindowSize;
        return epoch.Order.AsSpan((int)first, (int)(Math.Min((windows[^1] + 1) * WindowSize, _rows) - first));
    }

    private long WindowSize => (long)BatchesSortedTogether * _batchSize;

    private (Epoch Epoch, int Start, int End) Place(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        var (number, batch) = (step / _batches, (int)(step % _batches));
        if (_last?.Number != number)
        {
            _last = Shuffled(number);
        }

        var start = _last.Batches[batch] * _batchSize;
        return (_last, start, batch == _batches - 1 ? _rows : start + _batchSize);
    }

    private IEnumerable<long> Windows(int start, int end)
    {
        for (var window = start / WindowSize; window * WindowSize < end; window++)
        {
            yield return window;
        }
    }

    private void Sort(Epoch epoch, long window)
    {
        if (_lengths is { } lengths && epoch.Sorted.Add(window))
        {
            var start = (int)(window * WindowSize);
            epoch.Order.AsSpan(start, (int)Math.Min(WindowSize, _rows - start)).Sort((left, right) => lengths[left].CompareTo(lengths[right]));
        }
    }

    /// <summary>What an epoch is shuffled by.</summary>
    internal static Random RandomOf(long seed, long epoch) => new(unchecked((int)((seed * 2654435761L) ^ (epoch * 40503L))));

    private Epoch Shuffled(long epoch)
    {
        var random = RandomOf(_seed, epoch);
        var order = Enumerable.Range(0, _rows).ToArray();
        random.Shuffle(order);
        var batches = Enumerable.Range(0, _batches).ToArray();
        if (_lengths is not null)
        {
            // All batches but the last are of one size: only they may change places.
            random.Shuffle(batches.AsSpan(0, _batches - 1));
        }

        return new Epoch(epoch, order, batches, []);
    }

    /// <summary>The order of an epoch: its rows, the batches of them in their order, and which windows are sorted already.</summary>
    private sealed record Epoch(long Number, int[] Order, int[] Batches, HashSet<long> Sorted);
}
