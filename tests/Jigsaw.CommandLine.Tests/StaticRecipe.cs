namespace Jigsaw.CommandLine.Tests;

[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
public static partial class StaticRecipe;
