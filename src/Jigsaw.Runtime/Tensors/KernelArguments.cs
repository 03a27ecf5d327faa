using System.Runtime.CompilerServices;
using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Tensors;

/// <summary>
/// Checks the arguments of a kernel. Several of libtorch's operations silently accept a tensor on another device when the other
/// operands are on META, and crash or copy on CUDA; so every argument is checked by name before the first operation.
/// </summary>
internal static class KernelArguments
{
    internal static void RequireAlive(Tensor tensor, [CallerArgumentExpression(nameof(tensor))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (tensor.IsInvalid)
        {
            throw new ObjectDisposedException(name, $"{name} has been disposed; compute the loss before the dispose scope of its forward ends.");
        }
    }

    internal static void RequireFloating(Tensor tensor, [CallerArgumentExpression(nameof(tensor))] string name = "")
    {
        RequireAlive(tensor, name);
        if (tensor.dtype is not (ScalarType.Float32 or ScalarType.Float64 or ScalarType.BFloat16 or ScalarType.Float16))
        {
            throw new ArgumentException($"{name} has the dtype {tensor.dtype}; use float32, float64, bfloat16 or float16.", name);
        }
    }

    internal static void RequireDevice(Device device, Tensor tensor, [CallerArgumentExpression(nameof(tensor))] string name = "")
    {
        RequireAlive(tensor, name);
        if (!IsOn(tensor, device))
        {
            throw new ArgumentException($"{name} is on {tensor.device}, but the kernel runs on {device}; move it there when the batch is made.", name);
        }
    }

    /// <summary>True if a tensor is on a device: devices are compared by reference, and each access to a tensor's device returns a new object.</summary>
    internal static bool IsOn(Tensor tensor, Device device) =>
        tensor.device_type == device.type && (device.index < 0 || tensor.device_index < 0 || tensor.device_index == device.index);

    internal static void RequireMask(Device device, RowMask mask, long batch, long sequence, [CallerArgumentExpression(nameof(mask))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(mask, name);
        RequireDevice(device, mask.Value, name);
        if (mask.Rows is { } rows)
        {
            RequireDevice(device, rows, $"{name}.Rows");
        }

        var shape = mask.Value.shape;
        if (shape.Length != 2 || shape[0] != batch || shape[1] != sequence)
        {
            throw new ArgumentException($"{name} has the shape ({string.Join(", ", shape)}); the tokens are ({batch}, {sequence}).", name);
        }
    }

    internal static void RequireTokens(Tensor tensor, [CallerArgumentExpression(nameof(tensor))] string name = "")
    {
        RequireFloating(tensor, name);
        if (tensor.dim() != 3)
        {
            throw new ArgumentException($"{name} has the shape ({string.Join(", ", tensor.shape)}); give (batch, sequence, features).", name);
        }
    }

    internal static void RequireLike(Tensor first, Tensor other, [CallerArgumentExpression(nameof(first))] string firstName = "", [CallerArgumentExpression(nameof(other))] string otherName = "")
    {
        RequireFloating(other, otherName);
        RequireDevice(first.device, other, otherName);
        if (!first.shape.AsSpan().SequenceEqual(other.shape))
        {
            throw new ArgumentException($"{otherName} has the shape ({string.Join(", ", other.shape)}), but {firstName} has ({string.Join(", ", first.shape)}); they must agree.", otherName);
        }
    }

    /// <summary>float64 if any of the tensors is, else float32.</summary>
    internal static ScalarType AccumulationType(params ReadOnlySpan<Tensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            if (tensor.dtype == ScalarType.Float64)
            {
                return ScalarType.Float64;
            }
        }

        return ScalarType.Float32;
    }
}
