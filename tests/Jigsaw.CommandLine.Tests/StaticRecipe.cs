namespace Jigsaw.CommandLine.Tests;

[LossRecipe]
[LossTerm.CePerformance(1.0)]
public static partial class StaticRecipe;
