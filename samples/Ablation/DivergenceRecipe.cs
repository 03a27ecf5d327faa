using Jigsaw;
using Jigsaw.CommandLine;

namespace Ablation;

/// <summary>Counterfactual prompts alone: the quick start's recipe without the rate.</summary>
[LossRecipe]
[TrainingDefaults(Steps = 2150, Rank = 32, Optimizer = TrainingOptimizer.Muon, LearningRate = 5e-3, StdMax = 16, FinalLearningRateFraction = 0.05, ClipsApart = true, RampsInProportion = true)]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.1, MaxLoss = 10, ScalingFactor = 0.2, Every = 8)]
[LossTerm.CleanEmbeddingsGuardrails(0.0125, MaxLoss = 10, ScalingFactor = 0.2, Every = 8)]
[LossTerm.CounterfactualDivergence(0.13, MinSurprisal = 2, Every = 2, Ramp = Ramp.Geometric, RampStart = 0.001, RampStartFrom = 54, RampFrom = 108, RampSteps = 967)]
public partial class DivergenceRecipe;
