namespace Jigsaw.Benchmarks.Training;

/// <summary>The student follows the teacher's most likely token, with a gradient filter.</summary>
[LossRecipe(CeTarget = CeTarget.Hard, GradientFilter = 0.005)]
[LossTerm.CePerformance(1.0)]
[LossTerm.StdLogRatio(0.1)]
internal sealed partial class HardPerformanceRecipe;
