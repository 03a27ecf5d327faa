namespace Jigsaw.Fuzz.Tests;

/// <summary>A recipe with a number of each kind.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.InformationRate(0.3, Ramp = Ramp.Geometric, RampStart = 0.003, RampFrom = 1, RampSteps = 4)]
[LossTerm.AbsoluteCosineSimilarity(0.5, Every = 2)]
public partial class FuzzRecipe;
