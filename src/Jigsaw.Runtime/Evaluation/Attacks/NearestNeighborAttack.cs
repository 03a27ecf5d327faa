using Jigsaw.Batches;
using Jigsaw.Evaluation.Metrics;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>
/// Recovers each token as the one whose embedding is nearest to x̃ (level K0): what anybody with the model's embedding table can do. Given the transform's codewords instead
/// of the table, it is an attack of level K4.
/// </summary>
public sealed class NearestNeighborAttack : IInversionAttack, IDisposable
{
    private const int ChunkRows = 512;

    private readonly Tensor _table;
    private readonly bool _cosine;
    private readonly bool _farthest;

    /// <summary>An attack with an embedding table.</summary>
    /// <param name="embeddingTable">Shape (vocabulary, features).</param>
    /// <param name="cosine">True to take the largest cosine, false the smallest L2 distance.</param>
    /// <param name="farthest">True to take the farthest instead, which reads a transform that pushes tokens away.</param>
    public NearestNeighborAttack(Tensor embeddingTable, bool cosine = false, bool farthest = false)
    {
        ArgumentNullException.ThrowIfNull(embeddingTable);
        using var noGrad = no_grad();
        _table = embeddingTable.to(ScalarType.Float32, copy: true).DetachFromDisposeScope();
        (_cosine, _farthest) = (cosine, farthest);
        Name = (farthest ? "farthest neighbor" : "nearest neighbor") + (cosine ? ", cosine" : "");
    }

    /// <inheritdoc/>
    public string Name { get; internal init; }

    /// <inheritdoc/>
    public string Knowledge { get; internal init; } = "the embedding table";

    /// <inheritdoc/>
    public Tensor Recover(Tensor noisy, RowMask attentionMask, int candidates)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var rows = noisy.to(ScalarType.Float32).flatten(0, 1);
        var recovered = new List<Tensor>();
        for (long start = 0; start < rows.shape[0]; start += ChunkRows)
        {
            using var chunk = NewDisposeScope();
            var closeness = NeighborCloseness.Of(rows.narrow(0, start, Math.Min(ChunkRows, rows.shape[0] - start)), _table, _cosine);
            recovered.Add(closeness.topk(candidates, -1, largest: !_farthest).indexes.MoveToOuterDisposeScope());
        }

        return cat(recovered).reshape(noisy.shape[0], noisy.shape[1], candidates).MoveToOuterDisposeScope();
    }

    /// <summary>Frees the attack's copy of the table.</summary>
    public void Dispose() => _table.Dispose();
}
