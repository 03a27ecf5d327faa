namespace Jigsaw.Training;

/// <summary>
/// Cuts shuffled epochs into batches, by number and without state. A last single row goes into the batch before it, since the
/// mutual information needs two.
/// </summary>
public sealed class EpochOrder
{
    private readonly int _rows;
    private readonly int _batchSize;
    private readonly long _seed;
    private readonly int _batches;
    private (long Epoch, int[] Order)? _last;

    /// <summary>An order over rows.</summary>
    /// <param name="rows">Rows of the data, at least 1.</param>
    /// <param name="batchSize">Rows a batch, at least 1.</param>
    /// <param name="seed">Seed of the shuffles.</param>
    public EpochOrder(int rows, int batchSize, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        _rows = rows;
        _batchSize = batchSize;
        _seed = seed;
        var batches = (rows + batchSize - 1) / batchSize;
        _batches = batches > 1 && batchSize > 1 && rows % batchSize == 1 ? batches - 1 : batches;
    }

    /// <summary>Batches an epoch.</summary>
    public int BatchesPerEpoch => _batches;

    /// <summary>The rows of a batch.</summary>
    /// <param name="step">Number of the batch, counted from 0 through all epochs.</param>
    public ReadOnlySpan<int> At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        var (epoch, batch) = (step / _batches, (int)(step % _batches));
        if (_last?.Epoch != epoch)
        {
            var order = Enumerable.Range(0, _rows).ToArray();
            new Random(unchecked((int)((_seed * 2654435761L) ^ (epoch * 40503L)))).Shuffle(order);
            _last = (epoch, order);
        }

        var start = batch * _batchSize;
        var end = batch == _batches - 1 ? _rows : start + _batchSize;
        return _last.Value.Order.AsSpan(start, end - start);
    }
}
