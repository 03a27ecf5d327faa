namespace Jigsaw.Benchmarks.Training;

/// <summary>The quick start's recipe, with a gradient filter.</summary>
[LossRecipe(GradientFilter = 0.01)]
[LossTerm.CePerformance(2.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.4, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.MutualInformation(0.1)]
[LossTerm.StdLogRatio(0.1)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
[LossTerm.MedianNorm(0.1)]
internal sealed partial class SupportRecipe;
