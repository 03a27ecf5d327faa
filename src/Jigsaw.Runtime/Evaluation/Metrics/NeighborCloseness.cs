using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>How close rows are to those of a table.</summary>
internal static class NeighborCloseness
{
    /// <summary>Shape (rows, vocabulary): larger is closer. In L2, ‖x̃ − w‖² = ‖x̃‖² − 2(⟨x̃, w⟩ − ½‖w‖²): the nearest row has the largest bracket.</summary>
    public static Tensor Of(Tensor rows, Tensor table, bool cosine)
    {
        if (rows.shape[1] != table.shape[1])
        {
            throw new ArgumentException($"x̃ has {rows.shape[1]} features, the embedding table {table.shape[1]}; attack a transform with the table of the model that it was made for.", nameof(rows));
        }

        using var scope = NewDisposeScope();
        var all = table.to(rows.dtype);
        var closeness = cosine ? rows.matmul(nn.functional.normalize(all, dim: 1).t()) : rows.matmul(all.t()).sub_(all.Squared().sum(1).mul_(Scalars.Of(0.5)));
        return closeness.MoveToOuterDisposeScope();
    }
}
