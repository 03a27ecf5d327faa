using Jigsaw;
using Jigsaw.CommandLine;

namespace Quickstart;

/// <summary>
/// The loss of the quick start. The student answers on transformed prompts as the teacher does on clean ones. What the reply doesn't repeat must not be told by x̃: neither by a token's own (the rate, most of all for what
/// surprises) nor by that of later ones (the divergence from prompts that are as likely). What the reply repeats, which is plain text, may be told at a small price. The base can't use x̃, nor the adapters clean prompts.
/// </summary>
[LossRecipe]
[TrainingDefaults(Steps = 2150, Rank = 32, Optimizer = TrainingOptimizer.Muon, LearningRate = 5e-3, StdMax = 16, FinalLearningRateFraction = 0.05, ClipsApart = true, RampsInProportion = true)]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.1, MaxLoss = 10, ScalingFactor = 0.2, Every = 8)]
[LossTerm.CleanEmbeddingsGuardrails(0.0125, MaxLoss = 10, ScalingFactor = 0.2, Every = 8)]
[LossTerm.InformationRate(0.22, Mask = TokenMask.NotInReply, Weighting = TokenWeighting.Surprisal, Ramp = Ramp.Geometric, RampStart = 0.0015, RampStartFrom = 54, RampFrom = 108, RampSteps = 967)]
[LossTerm.InformationRate(0.00025, Mask = TokenMask.InReply, Key = "information_rate_in_reply")]
[LossTerm.CounterfactualDivergence(0.13, MinSurprisal = 2, Every = 2, Ramp = Ramp.Geometric, RampStart = 0.001, RampStartFrom = 54, RampFrom = 108, RampSteps = 967)]
public partial class QuickstartRecipe;
