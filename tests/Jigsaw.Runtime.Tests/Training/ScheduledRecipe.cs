namespace Jigsaw.Runtime.Tests.Training;

[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.AbsoluteCosineSimilarity(0.5, Every = 2)]
[LossTerm.InformationRate(0.3, Ramp = Ramp.Linear, RampFrom = 1, RampSteps = 4)]
[LossTerm.MedianNorm(0.1, Every = 3)]
public partial class ScheduledRecipe;
