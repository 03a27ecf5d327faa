using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training.Optimizers;

/// <summary>What <see cref="Sgd"/> and <see cref="Lion"/> keep for each tensor, and <see cref="Muon"/> for each matrix; <see cref="OptimizerFields"/> saves it.</summary>
internal sealed class MomentumState(Parameter parameter) : OptimizerState(parameter), IDisposable
{
    /// <summary>A moving sum or mean of the gradients.</summary>
    public Tensor Momentum { get; } = zeros_like(parameter).DetachFromDisposeScope();

    public void Dispose() => Momentum.Dispose();

    public override void SaveStateDict(BinaryWriter writer) => throw new NotSupportedException();

    public override void LoadStateDict(BinaryReader reader) => throw new NotSupportedException();

    public override void LoadStateDict(OptimizerState source) => throw new NotSupportedException();

    public override void Initialize(OptimizerOptions options) => Momentum.zero_();
}
