using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Recipes;

[LossRecipe(DistillationLayer = 1)]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, RampFrom = 2, RampSteps = 4, Ramp = Ramp.Cosine)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
[LossTerm.StdLogRatio(0)]
internal static partial class ChatRecipe
{
    [LossTerm(0.05)]
    private static Tensor NoiseFloor(TransformStds stds, StudentNoisyHidden hidden) => stds.Value.mean() + (0 * hidden.Value.mean());
}
