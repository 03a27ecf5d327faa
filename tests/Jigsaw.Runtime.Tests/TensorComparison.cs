using TorchSharp;

namespace Jigsaw.Runtime.Tests;

internal static class TensorComparison
{
    /// <summary>True if two tensors have the same shape and the same bits; a NaN never equals another one.</summary>
    public static bool IsSame(this torch.Tensor left, torch.Tensor right)
    {
        using var scope = torch.NewDisposeScope();
        return left.shape.SequenceEqual(right.shape) && left.eq(right).all().ToBoolean();
    }
}
