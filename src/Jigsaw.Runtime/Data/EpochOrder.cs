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
    private (long Epoch, int[] Order)? _last;

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

    /// <summary>The rows of a batch.</summary>
    /// <param name="step">Number of the batch, counted from 0 through all epochs.</param>
    public ReadOnlySpan<int> At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        var (epoch, batch) = (step / _batches, (int)(step % _batches));
        if (_last?.Epoch != epoch)
        {
            _last = (epoch, Shuffled(epoch));
        }

        var start = batch * _batchSize;
        var end = batch == _batches - 1 ? _rows : start + _batchSize;
        return _last.Value.Order.AsSpan(start, end - start);
    }

    private int[] Shuffled(long epoch)
    {
        var random = new Random(unchecked((int)((_seed * 2654435761L) ^ (epoch * 40503L))));
        var order = Enumerable.Range(0, _rows).ToArray();
        random.Shuffle(order);
        if (_lengths is null)
        {
            return order;
        }

        foreach (var start in Enumerable.Range(0, _rows).Where(row => row % (BatchesSortedTogether * _batchSize) == 0))
        {
            order.AsSpan(start, Math.Min(BatchesSortedTogether * _batchSize, _rows - start)).Sort((left, right) => _lengths[left].CompareTo(_lengths[right]));
        }

        // All batches but the last are of one size: only they may change places.
        var batches = Enumerable.Range(0, _batches - 1).ToArray();
        random.Shuffle(batches);
        return [.. batches.SelectMany(batch => order.AsSpan(batch * _batchSize, _batchSize).ToArray()), .. order.AsSpan((_batches - 1) * _batchSize)];
    }
}
