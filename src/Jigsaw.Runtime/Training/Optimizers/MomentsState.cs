using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training.Optimizers;

/// <summary>What <see cref="Muon"/> keeps for each tensor that is no matrix; <see cref="OptimizerFields"/> saves it.</summary>
internal sealed class MomentsState(Parameter parameter) : OptimizerState(parameter), IDisposable
{
    /// <summary>Steps of the tensor.</summary>
    public long Step { get; set; }

    /// <summary>The moving mean of the gradients.</summary>
    public Tensor Mean { get; } = zeros_like(parameter).DetachFromDisposeScope();

    /// <summary>The moving mean of their squares.</summary>
    public Tensor Square { get; } = zeros_like(parameter).DetachFromDisposeScope();

    public void Dispose()
    {
        Mean.Dispose();
        Square.Dispose();
    }

    public override void SaveStateDict(BinaryWriter writer) => throw new NotSupportedException();

    public override void LoadStateDict(BinaryReader reader) => throw new NotSupportedException();

    public override void LoadStateDict(OptimizerState source) => throw new NotSupportedException();

    public override void Initialize(OptimizerOptions options)
    {
        Step = 0;
        Mean.zero_();
        Square.zero_();
    }
}
