using Jigsaw.Batches;
using Jigsaw.Losses.Gradients;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Kernels;

/// <summary>A masked mean of a value per token of one tensor. The backward pass computes the gradient from the rows again.</summary>
internal static class MaskedMean
{
    /// <summary>The mean over the rows that count, differentiable.</summary>
    /// <param name="input">Shape (batch, sequence, features).</param>
    /// <param name="mask">Tokens that count.</param>
    /// <param name="value">A value for each row of a block, shape (count, 1), from read-only rows, shape (count, features).</param>
    /// <param name="gradient">The gradient of those values, times a factor of shape (count, 1): a new tensor of shape (count, features). It holds no tensor.</param>
    internal static Tensor Mean(Tensor input, RowMask mask, Func<Tensor, Tensor> value, Func<Tensor, Tensor, Tensor> gradient)
    {
        KnownGradient.ThrowRefusal();
        using var scope = NewDisposeScope();
        var wanted = is_grad_enabled() && input.requires_grad;
        var type = KernelArguments.AccumulationType(input);
        Tensor mean;
        PackedRows rows;
        List<RowCoefficient> coefficients = [];
        using (no_grad())
        {
            rows = new PackedRows(mask, type);
            var all = input.detach().reshape(-1, input.shape[^1]);
            var values = empty([rows.Count, 1], dtype: type, device: input.device);
            foreach (var (start, count) in rows.Blocks(all.shape[1], input.device))
            {
                using var here = NewDisposeScope();
                values.narrow(0, start, count).copy_(value(rows.Read(all, start, count)));
            }

            var (leftOut, denominator) = (rows.LeftOutBy(mask), rows.Denominator(mask));
            mean = (leftOut is null ? values : values.masked_fill(leftOut, Scalars.Of(0))).sum() / denominator;
            if (wanted)
            {
                var shares = denominator.reciprocal().expand(rows.Count, 1);
                coefficients.Add(new RowCoefficient(0, 0, leftOut is null ? shares : shares.masked_fill(leftOut, Scalars.Of(0))));
            }
        }

        var result = wanted ? RowGradients.Attach(mean, [input], [true], rows, type, (read, factors, _) => [gradient(read[0], factors[0]!)], coefficients) : mean;
        return result.MoveToOuterDisposeScope();
    }
}
