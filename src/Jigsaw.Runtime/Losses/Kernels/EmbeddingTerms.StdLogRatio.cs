using Jigsaw.Batches;
using Jigsaw.Losses.Kernels;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <content>The logarithm of the noise's share of its maximum.</content>
public sealed partial class EmbeddingTerms
{
    /// <summary>−log(mean_m(σ) / σ_max), the mean over tokens that count and all features; 0 if none counts. Source: Stained Glass Engine docs, loss/jigsaw; the empty mask is our reading.</summary>
    /// <param name="stds">σ, shape (batch, sequence, features).</param>
    /// <param name="stdMax">σ_max, the largest σ that the transform can produce.</param>
    /// <param name="mask">Tokens that the transform changes.</param>
    /// <exception cref="ArgumentException">The mask and the tensor differ in shape or device.</exception>
    public TermValue StdLogRatio(Tensor stds, double stdMax, RowMask mask) => Value(() =>
    {
        KernelArguments.RequireTokens(stds);
        KernelArguments.RequireMask(stds.device, mask, stds.shape[0], stds.shape[1]);
        using var scope = NewDisposeScope();
        var mean = MaskedMean.Mean(stds, mask, rows => rows.mean([1], keepdim: true), (rows, factors) => (factors / Scalars.Of(rows.shape[1])).expand(rows.shape));

        if (mask.Step is { Rows: > 0 } step)
        {
            // The logarithm of the mean over all parts, of which each has an equal share, and its slope at each one's own mean.
            var ratio = (step.Whole(mean) / Scalars.Of(stdMax)).Plus(full([], Scalars.Of(mask.CountInStep == 0 ? 1 : 0), dtype: mean.dtype, device: mean.device));
            return ((mean - mean.detach()) * ratio.reciprocal() * Scalars.Of(-1 / stdMax)).Plus(ratio.log() * Scalars.Of(-1.0 / step.Count)).MoveToOuterDisposeScope();
        }

        // Without a token the ratio is 1 and its logarithm 0; the mean's gradient is then already 0.
        var none = mask.Value.any().eq(Scalars.Of(false)).to(mean.dtype);
        return (mean / Scalars.Of(stdMax)).Plus(none).log().neg().MoveToOuterDisposeScope();
    });
}
