namespace Jigsaw.Data;

/// <summary>
/// The rows of each batch: those of the order without those that are left out. A batch of which fewer than two are left takes the rows of
/// the next ones, too, so the same number gives the same rows whatever has been asked before.
/// </summary>
/// <param name="order">The order of all rows.</param>
/// <param name="batchSize">Rows per batch.</param>
/// <param name="prepare">Makes the lengths of rows known.</param>
/// <param name="isKept">True if a row, whose length is known, has a token that counts.</param>
internal sealed class KeptRows(EpochOrder order, int batchSize, Action<ReadOnlySpan<int>> prepare, Func<int, bool> isKept)
{
    /// <summary>The rows of a batch; none if no row of the data is kept.</summary>
    public IReadOnlyList<int> At(long step)
    {
        // The rest of this epoch and the whole of the next one: each row is among them.
        var rows = new List<int>();
        for (var next = step; rows.Count < Math.Min(2, batchSize) && next < step + (2L * order.BatchesPerEpoch); next++)
        {
            prepare(order.NeededAt(next));
            foreach (var row in order.At(next))
            {
                if (isKept(row) && !rows.Contains(row))
                {
                    rows.Add(row);
                }
            }
        }

        return rows;
    }
}
