using Jigsaw;
using Jigsaw.CommandLine;

namespace Quickstart;

/// <summary>
/// The quick start's recipe as it was for 4000 chats (docs/privacy.md), with a tenth of the rate, and the pairwise information in its place. The pairwise bound is tighter, and blind where tokens are far apart: e^−KL vanishes there, and its gradient with it. So a rate
/// has to bring them together first. Here to compare with.
/// </summary>
[LossRecipe]
[TrainingDefaults(Steps = 2000, Rank = 32, LearningRate = 3e-3, FinalLearningRateFraction = 0.05, ClipsApart = true, RampsInProportion = true)]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.1, MaxLoss = 10, ScalingFactor = 0.2, Every = 4)]
[LossTerm.CleanEmbeddingsGuardrails(0.0125, MaxLoss = 10, ScalingFactor = 0.2, Every = 4)]
[LossTerm.InformationRate(0.05, Mask = TokenMask.NotInReply, Weighting = TokenWeighting.Surprisal, Ramp = Ramp.Geometric, RampStart = 0.0015, RampStartFrom = 50, RampFrom = 100, RampSteps = 900)]
[LossTerm.PairwiseInformation(0.5, Mask = TokenMask.NotInReply, Ramp = Ramp.Geometric, RampStart = 0.0015, RampStartFrom = 50, RampFrom = 100, RampSteps = 900)]
[LossTerm.InformationRate(0.00025, Mask = TokenMask.InReply, Key = "information_rate_in_reply")]
[LossTerm.CounterfactualDivergence(0.3, MinSurprisal = 2, Ramp = Ramp.Geometric, RampStart = 0.001, RampStartFrom = 50, RampFrom = 100, RampSteps = 900)]
public partial class PairwiseRecipe;
