namespace Jigsaw.Batches;

/// <summary>The rows that one process has of a step: each has as many as the others or one less.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Count">How many, 0 where there are fewer rows than processes.</param>
internal readonly record struct ProcessRows(int First, int Count)
{
    /// <summary>Divides the rows of a step.</summary>
    /// <param name="rows">Rows of the step.</param>
    /// <param name="rank">The number of the process.</param>
    /// <param name="size">How many processes there are.</param>
    public static ProcessRows Of(int rows, int rank, int size)
    {
        var first = (int)((long)rows * rank / size);
        return new ProcessRows(first, (int)((long)rows * (rank + 1) / size) - first);
    }

    /// <summary>How many micro-batches all processes make of a step, at least one each.</summary>
    /// <param name="rows">Rows of the step.</param>
    /// <param name="size">How many processes there are.</param>
    /// <param name="microBatch">Rows of a micro-batch.</param>
    public static int Parts(int rows, int size, int microBatch) => Enumerable.Range(0, size).Sum(rank => Math.Max(1, (Of(rows, rank, size).Count + microBatch - 1) / microBatch));
}
