using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Tensors;

/// <summary>Dot products of rows.</summary>
internal static class RowProduct
{
    /// <summary>The dot product of each row with the other tensor's row, shape (rows, 1). On the CPU a batched product is several times slower than an element-wise product and a sum over a block of rows that fits in the cache.</summary>
    /// <param name="left">Shape (rows, features).</param>
    /// <param name="right">The same shape.</param>
    /// <param name="workspace">Where the products go on the CPU, of the same shape; null allocates a new tensor.</param>
    internal static Tensor Of(Tensor left, Tensor right, Tensor? workspace = null)
    {
        if (left.device_type != DeviceType.CPU)
        {
            return left.unsqueeze(1).bmm(right.unsqueeze(2)).squeeze(2);
        }

        return (workspace is null ? left.mul(right) : workspace.copy_(left).mul_(right)).sum(1, keepdim: true);
    }
}
