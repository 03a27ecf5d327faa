using Jigsaw.CommandLine;

namespace Jigsaw.Mpi.Tests;

/// <summary>Terms of each kind that processes exchange something for: a cap, moments, weights by surprisal, counterfactual prompts.</summary>
[LossRecipe]
[TrainingDefaults(Steps = 6, Batch = 5, Rank = 2)]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.1, MaxLoss = 10, ScalingFactor = 0.2, Every = 2)]
[LossTerm.MutualInformation(0.1)]
[LossTerm.StdLogRatio(0.1)]
[LossTerm.InformationRate(0.05, Mask = TokenMask.NotInReply, Weighting = TokenWeighting.Surprisal)]
[LossTerm.CounterfactualDivergence(0.03, MinSurprisal = 2)]
public partial class ExchangedRecipe;
