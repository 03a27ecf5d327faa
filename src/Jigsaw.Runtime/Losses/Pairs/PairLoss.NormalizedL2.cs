using Jigsaw.Batches;
using Jigsaw.Losses.Pairs;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <content>The normalized L2 distance.</content>
public sealed partial class PairLoss
{
    /// <summary>Adds mean_m ‖first − second‖₂ / max(‖second‖₂, 1e-8); the second is a constant. Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="mask">Tokens that count.</param>
    /// <param name="maxLoss">The value becomes maxLoss · sigmoid(scalingFactor · value); null leaves it uncapped.</param>
    /// <param name="scalingFactor">How fast the cap is reached; ignored without one.</param>
    /// <exception cref="ArgumentException">The mask and the tensors differ in shape or device.</exception>
    public PairLoss NormalizedL2(RowMask mask, double? maxLoss = null, double scalingFactor = 1)
    {
        const double Eps = 1e-8;
        PairTerm.Rows Compute(IReadOnlyDictionary<PairMeasure, Tensor> measures)
        {
            var (distance, scale) = (measures[PairMeasure.Distance], measures[PairMeasure.SecondNorm].clamp_min(Scalars.Of(Eps)));
            return new(distance / scale, [new(0, PairDirection.Apart, distance.reciprocal().div_(scale).masked_fill_(distance.eq(Scalars.Of(0)), Scalars.Of(0)))]);
        }

        return Add(mask, [PairMeasure.SecondNorm, PairMeasure.Distance], Compute, maxLoss, scalingFactor);
    }
}
