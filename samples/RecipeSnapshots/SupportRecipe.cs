using Jigsaw;
using static TorchSharp.torch;

namespace RecipeSnapshots;

[LossRecipe(DistillationLayer = 2)]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10)]
[LossTerm.L2Performance(0.5)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
public partial class SupportRecipe
{
    [LossTerm(0.05)]
    private static Tensor NoiseFloor(TransformStds stds, NoiseMask mask)
    {
        // The share of σ that is missing to 0.5, over the tokens that the transform changes.
        var missing = (0.5 - stds.Value).clamp_min(0).mean([-1]);
        var counts = mask.Value.to(missing.dtype);
        return (missing * counts).sum() / counts.sum().clamp_min(1);
    }
}
