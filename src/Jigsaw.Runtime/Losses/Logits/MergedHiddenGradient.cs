using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>Several uncapped computations: their gradients are summed first, and need one product.</summary>
/// <param name="rows">The loop's rows.</param>
/// <param name="table">The head in the type of the products.</param>
/// <param name="computations">The computations.</param>
/// <param name="hidden">Where the gradient goes, shape (rows, hidden).</param>
internal sealed class MergedHiddenGradient(LoopRows rows, Tensor table, IReadOnlyList<LogitComputation> computations, Tensor hidden) : HiddenGradient(rows, table)
{
    /// <inheritdoc/>
    public override void Add(IReadOnlyList<Tensor> gradients, int from)
    {
        var count = (int)gradients[0].shape[0];
        var sum = gradients[0].mul_(computations[0].RowFactors(from, count, isCapped: false));
        for (var i = 1; i < gradients.Count; i++)
        {
            sum.addcmul_(gradients[i], computations[i].RowFactors(from, count, isCapped: false), Scalars.Of(1));
        }

        Multiply(hidden, sum, from);
    }

    /// <inheritdoc/>
    public override Tensor Finish() => hidden;
}
