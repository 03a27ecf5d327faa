using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Pairs;

/// <summary>The cosine of each row, and its gradient, which the terms on cosines share.</summary>
internal static class RowCosine
{
    private const double Eps = 1e-8;

    /// <summary>The measures that it reads.</summary>
    internal static readonly PairMeasure[] Reads = [PairMeasure.FirstNorm, PairMeasure.SecondNorm, PairMeasure.Product];

    /// <summary>cos(first, second), each norm at least 1e-8, shape (rows, 1).</summary>
    internal static (Tensor Cosine, PairTerm.Slope[] Slopes) Of(IReadOnlyDictionary<PairMeasure, Tensor> measures)
    {
        Tensor[] norms = [measures[PairMeasure.FirstNorm], measures[PairMeasure.SecondNorm]];
        Tensor[] clamped = [.. norms.Select(norm => norm.clamp_min(Scalars.Of(Eps)))];
        var product = clamped[0] * clamped[1];
        var cosine = measures[PairMeasure.Product] / product;
        var across = product.reciprocal();

        // Below the clamp the norm is a constant, and only the product has a gradient.
        var along = norms.Select((norm, i) => (cosine / clamped[i]).div_(norm).neg_().masked_fill_(norm.lt(Scalars.Of(Eps)), Scalars.Of(0))).ToArray();
        return (cosine, [new(0, PairDirection.Own, along[0]), new(0, PairDirection.Other, across), new(1, PairDirection.Own, along[1]), new(1, PairDirection.Other, across)]);
    }
}
