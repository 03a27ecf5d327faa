using Jigsaw;
using Jigsaw.CommandLine;

namespace Ablation;

/// <summary>The rate where the reply doesn't repeat the token; each token weighs the same.</summary>
[LossRecipe]
[TrainingDefaults(Steps = 2150, Rank = 32, Optimizer = TrainingOptimizer.Muon, LearningRate = 5e-3, StdMax = 16, FinalLearningRateFraction = 0.05, ClipsApart = true, RampsInProportion = true)]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.1, MaxLoss = 10, ScalingFactor = 0.2, Every = 8)]
[LossTerm.CleanEmbeddingsGuardrails(0.0125, MaxLoss = 10, ScalingFactor = 0.2, Every = 8)]
[LossTerm.InformationRate(0.22, Mask = TokenMask.NotInReply, Ramp = Ramp.Geometric, RampStart = 0.0015, RampStartFrom = 54, RampFrom = 108, RampSteps = 967)]
[LossTerm.InformationRate(0.00025, Mask = TokenMask.InReply, Key = "information_rate_in_reply")]
public partial class RateRecipe;
