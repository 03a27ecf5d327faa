using Jigsaw.Batches;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>
/// The original's metrics of how far x̃ is from its token: they say what someone with only the embedding table reads, and nothing of an attacker who owns the
/// transform. Ranks count the rows of the table that are nearer to x̃ than the true one: 0 is read, vocabulary − 1 is pushed to the far end.
/// </summary>
/// <remarks>Source: Stained Glass Engine docs, metrics and reconstruction.</remarks>
public static class ReconstructionMetrics
{
    private const int ChunkRows = 256;

    /// <summary>Share of each row's masked tokens whose reconstruction differs, 0 to 1; 0 for a row without masked tokens.</summary>
    /// <param name="inputIds">The true tokens, shape (batch, sequence), int64.</param>
    /// <param name="reconstructedIds">What was read, of the same shape.</param>
    /// <param name="noiseMask">The tokens that count.</param>
    /// <returns>A share per row.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static IReadOnlyList<double> PercentageChangedIds(Tensor inputIds, Tensor reconstructedIds, RowMask noiseMask)
    {
        ArgumentNullException.ThrowIfNull(inputIds);
        ArgumentNullException.ThrowIfNull(reconstructedIds);
        ArgumentNullException.ThrowIfNull(noiseMask);
        RequireShape(reconstructedIds.shape, inputIds.shape, nameof(reconstructedIds));
        RequireShape(noiseMask.Value.shape, inputIds.shape, nameof(noiseMask));
        using var scope = NewDisposeScope();
        var counted = noiseMask.Value.sum(1).to(ScalarType.Float64);
        var changed = inputIds.ne(reconstructedIds).logical_and(noiseMask.Value).sum(1).to(ScalarType.Float64);
        return (changed / counted.clamp(min: Scalars.Of(1))).cpu().data<double>().ToArray();
    }

    /// <summary>The place of each true token in a list of neighbors.</summary>
    /// <param name="inputIds">The true tokens, shape (batch, sequence), int64.</param>
    /// <param name="rankedNeighbors">All tokens, the nearest first, shape (batch, sequence, vocabulary), int64.</param>
    /// <returns>Shape (batch, sequence), int64, 0 to vocabulary − 1, in the caller's dispose scope.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor ReconstructionRank(Tensor inputIds, Tensor rankedNeighbors)
    {
        ArgumentNullException.ThrowIfNull(inputIds);
        ArgumentNullException.ThrowIfNull(rankedNeighbors);
        RequireShape(rankedNeighbors.shape[..^1], inputIds.shape, nameof(rankedNeighbors));
        using var scope = NewDisposeScope();
        return rankedNeighbors.eq(inputIds.unsqueeze(-1)).to(ScalarType.Int64).argmax(-1).MoveToOuterDisposeScope();
    }

    /// <summary>How many rows of the table are nearer to x̃ than the true one, without the list of all neighbors.</summary>
    /// <param name="inputIds">The true tokens, shape (batch, sequence), int64.</param>
    /// <param name="noisy">x̃, shape (batch, sequence, features).</param>
    /// <param name="embeddingTable">Shape (vocabulary, features).</param>
    /// <param name="cosine">True to compare directions, false for L2 distances.</param>
    /// <returns>Shape (batch, sequence), int64, in the caller's dispose scope.</returns>
    public static Tensor ReconstructionRank(Tensor inputIds, Tensor noisy, Tensor embeddingTable, bool cosine = false)
    {
        ArgumentNullException.ThrowIfNull(inputIds);
        ArgumentNullException.ThrowIfNull(noisy);
        ArgumentNullException.ThrowIfNull(embeddingTable);
        RequireShape(noisy.shape[..^1], inputIds.shape, nameof(noisy));
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (truth, rows) = (inputIds.flatten(), noisy.to(ScalarType.Float32).flatten(0, 1));
        var ranks = new List<Tensor>();
        for (long start = 0; start < rows.shape[0]; start += ChunkRows)
        {
            using var chunk = NewDisposeScope();
            var count = Math.Min(ChunkRows, rows.shape[0] - start);
            var closeness = NeighborCloseness.Of(rows.narrow(0, start, count), embeddingTable, cosine);
            ranks.Add(closeness.gt(closeness.gather(1, truth.narrow(0, start, count).unsqueeze(-1))).sum(1).MoveToOuterDisposeScope());
        }

        return cat(ranks).view(inputIds.shape).MoveToOuterDisposeScope();
    }

    /// <summary>How many tokens have each rank.</summary>
    /// <param name="embeddingCount">Rows of the embedding table.</param>
    /// <param name="ranks">Ranks from 0 to embeddingCount − 1, any shape, int64.</param>
    /// <returns>A count per rank, embeddingCount of them.</returns>
    public static IReadOnlyList<long> ReconstructionRankHistogram(int embeddingCount, Tensor ranks)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        var counts = new long[embeddingCount];
        using var host = ranks.cpu().contiguous();
        foreach (var rank in host.data<long>().ToArray())
        {
            if (rank < 0 || rank >= embeddingCount)
            {
                throw new ArgumentException($"A rank is {rank}; ranks among {embeddingCount} embeddings are 0 to {embeddingCount - 1}.", nameof(ranks));
            }

            counts[rank]++;
        }

        return counts;
    }

    /// <summary>Share of the tokens that are not among the k nearest neighbors of their x̃, 0 to 1; 0 without tokens.</summary>
    /// <param name="ranks">Ranks of the tokens that count, any shape, int64.</param>
    /// <param name="k">How many neighbors someone tries.</param>
    public static double TokensTransformedAtK(Tensor ranks, int k)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        using var scope = NewDisposeScope();
        return Share(ranks.ge(Scalars.Of(k)));
    }

    /// <summary>Share of the tokens that are neither among the k nearest nor the k farthest neighbors of their x̃: a transform that pushes tokens to the far end is read by taking the farthest. 0 without tokens.</summary>
    /// <param name="ranks">Ranks of the tokens that count, any shape, int64.</param>
    /// <param name="k">How many neighbors someone tries at each end.</param>
    /// <param name="embeddingCount">Rows of the embedding table.</param>
    public static double SymmetricTokensTransformedAtK(Tensor ranks, int k, int embeddingCount)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        using var scope = NewDisposeScope();
        return Share(ranks.ge(Scalars.Of(k)).logical_and(ranks.lt(Scalars.Of(embeddingCount - k))));
    }

    /// <summary>The union of the k likeliest tokens of clean and noisy logits.</summary>
    /// <param name="clean">Logits, shape (…, vocabulary).</param>
    /// <param name="noisy">Logits of the same shape.</param>
    /// <param name="k">How many of each.</param>
    /// <returns>Shape (…, vocabulary), bool, in the caller's dispose scope.</returns>
    public static Tensor TopKSupportMask(Tensor clean, Tensor noisy, int k)
    {
        ArgumentNullException.ThrowIfNull(clean);
        ArgumentNullException.ThrowIfNull(noisy);
        RequireShape(noisy.shape, clean.shape, nameof(noisy));
        using var scope = NewDisposeScope();
        var mask = zeros_like(clean, dtype: ScalarType.Bool);
        foreach (var logits in new[] { clean, noisy })
        {
            var likeliest = logits.topk(k, -1).indexes;
            mask.scatter_(-1, likeliest, ones_like(likeliest, dtype: ScalarType.Bool));
        }

        return mask.MoveToOuterDisposeScope();
    }

    private static double Share(Tensor holds) => holds.numel() == 0 ? 0 : holds.sum().cpu().item<long>() / (double)holds.numel();

    private static void RequireShape(long[] shape, long[] expected, string name)
    {
        if (!shape.AsSpan().SequenceEqual(expected))
        {
            throw new ArgumentException($"It has the shape ({string.Join(", ", shape)}), the true tokens have ({string.Join(", ", expected)}); give one value for each token.", name);
        }
    }
}
