namespace Jigsaw.Benchmarks.Training;

/// <summary>The student follows the teacher's distribution, with a gradient filter.</summary>
[LossRecipe(GradientFilter = 0.01)]
[LossTerm.CePerformance(1.0)]
[LossTerm.StdLogRatio(0.1)]
internal sealed partial class SoftPerformanceRecipe;
