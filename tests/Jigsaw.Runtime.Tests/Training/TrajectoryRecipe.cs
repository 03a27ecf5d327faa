namespace Jigsaw.Runtime.Tests.Training;

#pragma warning disable JIG0045 // The training that is followed has no caps here.

[LossRecipe(DistillationLayer = 1)]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.CleanEmbeddingsGuardrails(0.1)]
[LossTerm.L2Performance(0.5)]
[LossTerm.L2Protection(0.05)]
[LossTerm.MutualInformation(0.02)]
[LossTerm.MedianNorm(0.1)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
public partial class TrajectoryRecipe;
