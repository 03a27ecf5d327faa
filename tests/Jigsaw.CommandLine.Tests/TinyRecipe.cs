namespace Jigsaw.CommandLine.Tests;

[LossRecipe]
[TrainingDefaults(Steps = 4, Batch = 2, Rank = 2)]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
public partial class TinyRecipe;
