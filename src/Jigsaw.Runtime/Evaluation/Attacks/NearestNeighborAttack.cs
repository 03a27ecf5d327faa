using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>Recovers each token as the one whose embedding is nearest to x̃ in L2: what anybody with the model's embedding table can do.</summary>
public sealed class NearestNeighborAttack : IInversionAttack, IDisposable
{
    private const int ChunkRows = 512;

    private readonly Tensor _table;
    private readonly Tensor _halfSquares;

    /// <summary>An attack with an embedding table.</summary>
    /// <param name="embeddingTable">Shape (vocabulary, features).</param>
    public NearestNeighborAttack(Tensor embeddingTable)
    {
        ArgumentNullException.ThrowIfNull(embeddingTable);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        _table = embeddingTable.to(ScalarType.Float32, copy: true).DetachFromDisposeScope();
        _halfSquares = (_table * _table).sum(1).mul_(0.5).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public string Name => "nearest neighbor";

    /// <inheritdoc/>
    public string Knowledge => "the embedding table";

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
            // ‖x̃ − w‖² = ‖x̃‖² − 2(⟨x̃, w⟩ − ½‖w‖²): the nearest row has the largest bracket.
            using var chunk = NewDisposeScope();
            var closeness = rows.narrow(0, start, Math.Min(ChunkRows, rows.shape[0] - start)).matmul(_table.t()) - _halfSquares;
            recovered.Add(closeness.topk(candidates, -1).indexes.MoveToOuterDisposeScope());
        }

        return cat(recovered).reshape(noisy.shape[0], noisy.shape[1], candidates).MoveToOuterDisposeScope();
    }

    /// <summary>Frees the attack's copy of the table.</summary>
    public void Dispose()
    {
        _table.Dispose();
        _halfSquares.Dispose();
    }
}
