using Jigsaw;
using Jigsaw.CommandLine;

namespace Quickstart;

/// <summary>
/// The original's terms alone: the student follows the teacher on transformed prompts, and neither the base nor the nearest neighbor can. Whoever owns the transform reads nearly everything. Here to compare with.
/// </summary>
[LossRecipe]
[TrainingDefaults(Steps = 700)]
[LossTerm.CePerformance(2.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.4, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.MutualInformation(0.1)]
[LossTerm.StdLogRatio(0.1)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
[LossTerm.MedianNorm(0.1)]
public partial class OriginalTermsRecipe;
