using Jigsaw;
using Jigsaw.CommandLine;

namespace Ablation;

/// <summary>The original's terms; those that hide apply only to tokens that the reply doesn't repeat.</summary>
[LossRecipe]
[TrainingDefaults(Steps = 700)]
[LossTerm.CePerformance(2.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.4, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.MutualInformation(0.1, Mask = TokenMask.NotInReply)]
[LossTerm.StdLogRatio(0.1, Mask = TokenMask.NotInReply)]
[LossTerm.AbsoluteCosineSimilarity(0.5, Mask = TokenMask.NotInReply)]
[LossTerm.MedianNorm(0.1, Mask = TokenMask.NotInReply)]
public partial class OriginalTermsNotInReplyRecipe;
