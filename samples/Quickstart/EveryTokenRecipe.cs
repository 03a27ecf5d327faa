using Jigsaw;
using Jigsaw.CommandLine;

namespace Quickstart;

/// <summary>
/// The same aims with the performance term over every token and not over the reply alone: the student learns in fewer steps, and a
/// trained inversion attack recovers nearly everything, since x̃ must then tell the next token everywhere. Here to compare with.
/// </summary>
[LossRecipe]
[TrainingDefaults(Steps = 700)]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.CleanEmbeddingsGuardrails(0.05, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.MutualInformation(0.01)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
[LossTerm.MedianNorm(0.1)]
public partial class EveryTokenRecipe;
