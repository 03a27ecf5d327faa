using static TorchSharp.torch;

namespace Jigsaw.Checkpoints;

/// <summary>A tensor to write, made when its turn comes, so that only one such tensor is in memory at a time.</summary>
internal sealed record CheckpointTensor(string Name, long[] Shape, ScalarType DType, Func<Tensor> Make)
{
    public static CheckpointTensor Of(string name, Tensor tensor) => new(name, tensor.shape, tensor.dtype, tensor.alias);
}
