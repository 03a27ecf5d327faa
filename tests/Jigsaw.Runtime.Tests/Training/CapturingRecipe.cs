using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

[LossRecipe(DistillationLayer = 1)]
[LossTerm.L2Performance(1.0)]
public partial class CapturingRecipe
{
    internal static Tensor? Seen { get; private set; }

    [LossTerm(0.5)]
    private static Tensor Capture(StudentNoisyHidden hidden)
    {
        Seen = hidden.Value;
        return hidden.Value.square().mean();
    }
}
