using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Pairs;

/// <summary>A term on a pair of tensors: a masked mean of a value per row.</summary>
/// <param name="Mask">Tokens that count.</param>
/// <param name="Reads">The measures of the rows that it reads.</param>
/// <param name="Compute">Computes a value from each row's measures, and the directions of its gradients.</param>
/// <param name="MaxLoss">The cap; null leaves it uncapped.</param>
/// <param name="ScalingFactor">How fast the cap is reached.</param>
internal sealed record PairTerm(RowMask Mask, PairMeasure[] Reads, Func<IReadOnlyDictionary<PairMeasure, Tensor>, PairTerm.Rows> Compute, double? MaxLoss = null, double ScalingFactor = 1)
{
    /// <summary>What a term computes from the rows.</summary>
    /// <param name="Values">A value for each row, shape (rows, 1).</param>
    /// <param name="Slopes">The directions of its gradients; an input without one is a constant.</param>
    internal sealed record Rows(Tensor Values, Slope[] Slopes);

    /// <summary>A part of a gradient.</summary>
    /// <param name="Input">With respect to the first tensor, 0, or to the second, 1.</param>
    /// <param name="Direction">What it is a multiple of.</param>
    /// <param name="Factor">The factor, shape (rows, 1).</param>
    internal readonly record struct Slope(int Input, PairDirection Direction, Tensor Factor);
}
