namespace Jigsaw.Benchmarks.Steps;

/// <summary>Four passes, three of them with a gradient.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10)]
[LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 10)]
[LossTerm.MutualInformation(0.01)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
internal sealed partial class FullRecipe;

/// <summary>Four passes, three of them with a gradient, and no term that needs two rows.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10)]
[LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 10)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
internal sealed partial class GuardedRecipe;

/// <summary>Two passes, one of them with a gradient.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
internal sealed partial class PerformanceRecipe;

/// <summary>The performance recipe with two terms of weight 0.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0, MaxLoss = 10)]
[LossTerm.CleanEmbeddingsGuardrails(0, MaxLoss = 10)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
internal sealed partial class WeightlessRecipe;

/// <summary>Two passes over the first nine layers.</summary>
[LossRecipe(DistillationLayer = 8)]
[LossTerm.L2Performance(1.0)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
internal sealed partial class LayerRecipe;
