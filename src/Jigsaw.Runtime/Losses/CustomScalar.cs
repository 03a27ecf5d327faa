using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>Checks what a custom term returned.</summary>
internal static class CustomScalar
{
    /// <summary>The value, if it is one that can be weighted and added.</summary>
    /// <param name="key">The term's component key.</param>
    /// <param name="value">What the term returned.</param>
    /// <param name="batch">A tensor of the step, whose device the value must be on.</param>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static Tensor Checked(string key, Tensor? value, Tensor batch)
    {
        if (value is null || value.IsInvalid)
        {
            throw new InvalidOperationException($"The term '{key}' returned {(value is null ? "null" : "a tensor that has been disposed")}; return a scalar, shape ().");
        }

        if (value.dim() != 0)
        {
            throw new InvalidOperationException($"The term '{key}' returned the shape ({string.Join(", ", value.shape)}); return a scalar, shape (), such as the mean of these values.");
        }

        if (!value.is_floating_point() || value.device_type != batch.device_type)
        {
            throw new InvalidOperationException($"The term '{key}' returned {value.dtype} on {value.device} for a batch on {batch.device}; return a scalar of a floating dtype there.");
        }

        return value;
    }
}
