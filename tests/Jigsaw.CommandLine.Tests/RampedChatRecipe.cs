namespace Jigsaw.CommandLine.Tests;

[LossRecipe]
[TrainingDefaults(Steps = 1000, Optimizer = TrainingOptimizer.Muon, RampsInProportion = true)]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, Every = 4)]
[LossTerm.InformationRate(1.0, Ramp = Ramp.Geometric, RampStart = 0.003, RampStartFrom = 50, RampFrom = 100, RampSteps = 500)]
public partial class RampedChatRecipe;
