using Jigsaw.Batches;
using Jigsaw.Compatibility;
using Jigsaw.CompilerServices;
using Jigsaw.Losses;
using static TorchSharp.torch;

namespace Jigsaw.Generators.Tests.Agreement;

internal static class LossProgramRunning
{
    /// <summary>Runs a factory's program on what a step left.</summary>
    public static (Tensor Loss, ComponentLosses Components) Run(this LossProgram program, StepActivations activations, RowMask lossMask)
    {
        var loss = program.Compute(activations, lossMask, out var components);
        return (loss, components);
    }
}
