using Jigsaw.Batches;

namespace Jigsaw.Losses.Logits;

/// <summary>One term on the logits of a pass. Two terms with equal values are still two terms.</summary>
/// <param name="term">What it computes for a row.</param>
/// <param name="pass">Whose logits.</param>
/// <param name="weight">Weight with the sign of the term.</param>
/// <param name="mask">Tokens that count.</param>
/// <param name="maxLoss">The cap; null for none.</param>
/// <param name="scalingFactor">How fast the cap is reached.</param>
internal sealed class WeightedLogitTerm(LogitTerm term, Pass pass, double weight, RowMask mask, double? maxLoss, double scalingFactor)
{
    internal LogitTerm Term => term;

    internal Pass Pass => pass;

    internal double Weight => weight;

    internal RowMask Mask => mask;

    internal double? MaxLoss => maxLoss;

    internal double ScalingFactor => scalingFactor;

    /// <summary>False if this step leaves the term out.</summary>
    internal bool IsDue { get; init; } = true;
}
