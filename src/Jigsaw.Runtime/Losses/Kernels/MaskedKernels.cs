using Jigsaw.Batches;
using Jigsaw.Losses.Pairs;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Kernels;

/// <summary>
/// The built-in terms that read layers and embeddings. Each takes tensors of shape (batch, sequence, features) in float32, float64,
/// bfloat16 or float16 and gives a scalar in at least float32: the raw, positive component, differentiable. A token that the mask leaves
/// out never enters the arithmetic, whatever stands in it; an empty mask gives 0 and zero gradients. No kernel waits for the device.
/// </summary>
public static class MaskedKernels
{
    /// <summary>mean_m ‖e − t‖₂ / max(‖t‖₂, 1e-8). Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="embeddings">e, shape (batch, sequence, features).</param>
    /// <param name="targets">t, the same shape; a constant.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static Tensor NormalizedL2(Tensor embeddings, Tensor targets, RowMask mask)
    {
        var pair = PairLoss.Begin(embeddings, targets);
        pair.NormalizedL2(mask);
        return pair.Run().Values[0];
    }

    /// <summary>mean_m (1 − cos(e, t)), each norm at least 1e-8. Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="embeddings">e, shape (batch, sequence, features).</param>
    /// <param name="targets">t, the same shape; a constant.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static Tensor CosineDistance(Tensor embeddings, Tensor targets, RowMask mask)
    {
        var pair = PairLoss.Begin(embeddings, targets);
        pair.CosineDistance(mask);
        return pair.Run().Values[0];
    }

    /// <summary>maxLoss · sigmoid(scalingFactor · value): the cap of a maximized term. Source: Stained Glass Engine docs, loss/jigsaw.</summary>
    /// <param name="value">The reduced value, a scalar.</param>
    /// <param name="maxLoss">What the value can't exceed.</param>
    /// <param name="scalingFactor">How fast it gets there.</param>
    public static Tensor Cap(Tensor value, double maxLoss, double scalingFactor)
    {
        KernelArguments.RequireFloating(value);
        using var scope = NewDisposeScope();
        return (maxLoss * (scalingFactor * value).sigmoid()).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Sub-batch Monte Carlo estimate of the mutual information between x and x̃: the first half of the batch gives the components of a
    /// Gaussian mixture, the second half the samples; all pairs count. Linear in the batch. Of an odd batch the last row is left out; with
    /// fewer than two rows value and gradients are 0. Source: arXiv 2506.09452 and Stained Glass Engine docs, loss/jigsaw; that it is
    /// minimized and that the three means are pooled over the same pairs is our reading.
    /// </summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="stds">σ, the same shape.</param>
    /// <param name="noisy">x̃, the same shape.</param>
    /// <param name="mask">Tokens that the transform changes.</param>
    /// <param name="combineNoiseMasks">Whether a pair counts where both of its masks are set; else where the component's is, and samples must be finite there.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static MutualInformationValue MutualInformation(Tensor clean, Tensor means, Tensor stds, Tensor noisy, RowMask mask, bool combineNoiseMasks)
    {
        CheckMutualInformation(clean, means, stds, noisy, mask);
        return MutualInformationTerm.Compute(clean, means, stds, noisy, mask.Value, combineNoiseMasks, conditional: true);
    }

    /// <summary>mean_m |‖x + μ‖₂ − T|. Source: Stained Glass Engine docs, loss/jigsaw.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="medianNorm">T, the median L2 norm of the embedding table's rows.</param>
    /// <param name="mask">Tokens that the transform changes.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static Tensor MedianNorm(Tensor clean, Tensor means, double medianNorm, RowMask mask)
    {
        var pair = PairLoss.Begin(clean, means);
        pair.MedianNorm(medianNorm, mask);
        return pair.Run().Values[0];
    }

    /// <summary>mean_m |cos(x, x̃)|, each norm at least 1e-8. Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="noisy">x̃, the same shape.</param>
    /// <param name="mask">Tokens that the transform changes.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static Tensor AbsoluteCosineSimilarity(Tensor clean, Tensor noisy, RowMask mask)
    {
        var pair = PairLoss.Begin(clean, noisy);
        pair.AbsoluteCosineSimilarity(mask);
        return pair.Run().Values[0];
    }

    /// <summary>mean_m cos(x, x̃), each norm at least 1e-8. Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="noisy">x̃, the same shape.</param>
    /// <param name="mask">Tokens that the transform changes.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static Tensor CosineSimilarity(Tensor clean, Tensor noisy, RowMask mask)
    {
        var pair = PairLoss.Begin(clean, noisy);
        pair.CosineSimilarity(mask);
        return pair.Run().Values[0];
    }

    /// <summary>−log(mean_m(σ) / σ_max), the mean over tokens that count and all features; 0 when none counts. Source: Stained Glass Engine docs, loss/jigsaw; the empty mask is our reading.</summary>
    /// <param name="stds">σ, shape (batch, sequence, features).</param>
    /// <param name="stdMax">σ_max, the largest σ that the transform can give.</param>
    /// <param name="mask">Tokens that the transform changes.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static Tensor StdLogRatio(Tensor stds, double stdMax, RowMask mask)
    {
        KernelArguments.RequireTokens(stds);
        KernelArguments.RequireMask(stds.device, mask, stds.shape[0], stds.shape[1]);
        using var scope = NewDisposeScope();
        var mean = MaskedMean.Mean(stds, mask, rows => rows.mean([1], keepdim: true), (rows, factors) => (factors / rows.shape[1]).expand(rows.shape));
        // Without a token the ratio is 1, and its logarithm 0; the mean's gradient is 0 there by itself.
        var none = mask.Value.any().eq(false).to(mean.dtype);
        return ((mean / stdMax) + none).log().neg().MoveToOuterDisposeScope();
    }

    /// <summary>mean_m (ℓ / (‖x̃ − x‖₂ + 1e-6))^p. Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="noisy">x̃, the same shape.</param>
    /// <param name="characteristicLength">ℓ.</param>
    /// <param name="exponentOfDecay">p, positive.</param>
    /// <param name="mask">Tokens that the transform changes.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static Tensor InverseL2PowerLaw(Tensor clean, Tensor noisy, double characteristicLength, double exponentOfDecay, RowMask mask)
    {
        var pair = PairLoss.Begin(clean, noisy);
        pair.InverseL2PowerLaw(characteristicLength, exponentOfDecay, mask);
        return pair.Run().Values[0];
    }

    internal static void CheckMutualInformation(Tensor clean, Tensor means, Tensor stds, Tensor noisy, RowMask mask)
    {
        KernelArguments.RequireTokens(clean);
        KernelArguments.RequireLike(clean, means);
        KernelArguments.RequireLike(clean, stds);
        KernelArguments.RequireLike(clean, noisy);
        KernelArguments.RequireMask(clean.device, mask, clean.shape[0], clean.shape[1]);
    }
}
