using static TorchSharp.torch;

namespace Jigsaw.CommandLine.Tests;

/// <summary>A recipe with a term that micro-batches can't have.</summary>
[LossRecipe]
[TrainingDefaults(Steps = 4, Batch = 2, Rank = 2)]
[LossTerm.CePerformance(1.0)]
public partial class UnsplitRecipe
{
    [LossTerm(0.1)]
    private static Tensor Apart(StudentNoisyLogits student) => student.Value.square().mean();
}
