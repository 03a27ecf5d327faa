using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Tensors;

/// <summary>Scaled dot-product attention.</summary>
internal static class ScaledDotProduct
{
    /// <summary>softmax(q·kᵀ/√size + bias)·v, shape of the queries.</summary>
    /// <param name="queries">Shape (batch, heads, rows, size).</param>
    /// <param name="keys">Shape (batch, heads, columns, size).</param>
    /// <param name="values">Shape of the keys.</param>
    /// <param name="bias">Added to the scores, −∞ where a row doesn't see a column: shape (batch, 1, rows, columns), of any floating type.</param>
    public static Tensor Attend(Tensor queries, Tensor keys, Tensor values, Tensor bias)
    {
        if (queries.device_type != DeviceType.META)
        {
            return nn.functional.scaled_dot_product_attention(queries, keys, values, bias.to(queries.dtype));
        }

        // Written out: libtorch has no kernel for its own operation there.
        var scores = queries.matmul(keys.transpose(2, 3)) / Scalars.Of(Math.Sqrt(queries.shape[3]));
        return nn.functional.softmax(scores.Plus(bias), -1).matmul(values);
    }

    /// <summary>0 where a row sees a column, and −∞ where it doesn't.</summary>
    public static Tensor Bias(Tensor visible, ScalarType dtype) =>
        zeros(visible.shape, dtype: dtype, device: visible.device).masked_fill_(visible.bitwise_not(), Scalars.Of(double.NegativeInfinity));
}
