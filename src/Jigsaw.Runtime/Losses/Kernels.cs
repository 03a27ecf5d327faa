using static TorchSharp.torch;

namespace Jigsaw.Losses;

/// <summary>
/// The built-in terms that read layers and embeddings. Each takes tensors of shape (batch, sequence, features) in float32, float64,
/// bfloat16 or float16 and gives a scalar in at least float32: the raw, positive component, differentiable. A token that the mask leaves
/// out never enters the arithmetic, whatever stands in it; an empty mask gives 0 and zero gradients. No kernel waits for the device.
/// </summary>
public static class Kernels
{
    private const double NormEps = 1e-8;
    private const double DistanceEps = 1e-6;

    /// <summary>mean_m ‖e − t‖₂ / max(‖t‖₂, 1e-8). Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="embeddings">e, shape (batch, sequence, features).</param>
    /// <param name="targets">t, the same shape; a constant.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static Tensor NormalizedL2(Tensor embeddings, Tensor targets, RowMask mask)
    {
        Check(embeddings, targets, mask);
        using var scope = NewDisposeScope();
        var rows = new CountedRows(mask, KernelArguments.AccumulationType(embeddings, targets));
        var target = rows.Of(targets.detach());
        var distance = (rows.Of(embeddings) - target).norm(1);
        return rows.Mean(distance / target.norm(1).clamp_min(NormEps)).MoveToOuterDisposeScope();
    }

    /// <summary>mean_m (1 − cos(e, t)), each norm at least 1e-8. Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="embeddings">e, shape (batch, sequence, features).</param>
    /// <param name="targets">t, the same shape; a constant.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static Tensor CosineDistance(Tensor embeddings, Tensor targets, RowMask mask)
    {
        Check(embeddings, targets, mask);
        using var scope = NewDisposeScope();
        var rows = new CountedRows(mask, KernelArguments.AccumulationType(embeddings, targets));
        return rows.Mean(1 - Cosine(rows.Of(embeddings), rows.Of(targets.detach()))).MoveToOuterDisposeScope();
    }

    /// <summary>maxLoss · sigmoid(scalingFactor · value): the cap of a maximised term. Source: Stained Glass Engine docs, loss/jigsaw.</summary>
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
    /// minimised and that the three means are pooled over the same pairs is our reading.
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
        KernelArguments.RequireTokens(clean);
        KernelArguments.RequireLike(clean, means);
        KernelArguments.RequireLike(clean, stds);
        KernelArguments.RequireLike(clean, noisy);
        KernelArguments.RequireMask(clean.device, mask, clean.shape[0], clean.shape[1]);
        using var scope = NewDisposeScope();
        var type = KernelArguments.AccumulationType(clean, means, stds, noisy);
        var half = clean.shape[0] / 2;
        if (half == 0)
        {
            Tensor Nothing() => (Empty(clean) + Empty(means) + Empty(stds) + Empty(noisy)).to(type).MoveToOuterDisposeScope();
            return new MutualInformationValue(Nothing(), Nothing(), Nothing());
        }

        var components = mask.Value.narrow(0, 0, half).unsqueeze(-1);
        var samples = mask.Value.narrow(0, half, half).unsqueeze(-1);
        if (!combineNoiseMasks)
        {
            samples = components.any(0, keepdim: true).expand_as(samples);
        }

        var zero = zeros([], dtype: type, device: clean.device);
        var one = ones([], dtype: type, device: clean.device);
        Tensor First(Tensor tensor, Tensor other) => where(components, tensor.narrow(0, 0, half).to(type), other);
        Tensor Second(Tensor tensor, Tensor other) => where(samples, tensor.narrow(0, half, half).to(type), other);

        var componentWeights = components.to(type);
        var sampleWeights = samples.to(type);
        var sampleCount = sampleWeights.sum([0]);
        var componentCount = componentWeights.sum([0]);
        var pairs = ((componentCount * sampleCount).sum() * clean.shape[2]).clamp_min(1);

        var centres = First(clean, zero) + First(means, zero);
        var componentStds = First(stds, one);
        var precisions = componentWeights / componentStds.square();
        var noise = Second(noisy, zero);

        // Σ_i (x̃_i − a)² = Σ_i (x̃_i − c)² + n(c − a)² + 2(c − a)·Σ_i (x̃_i − c) holds for every c; near the samples' mean nothing cancels.
        var centre = (noise.detach() * sampleWeights).sum([0]) / sampleCount.clamp_min(1);
        var deviations = (noise - centre) * sampleWeights;
        var offsets = centre - centres;
        var squares = deviations.square().sum([0]) + offsets * (sampleCount * offsets + 2 * deviations.sum([0]));
        var mahalanobis = (precisions * squares).sum() * 0.5 / pairs;
        var logStds = (componentStds.log().sum([0]) * sampleCount).sum() / pairs;
        var counted = (componentCount * sampleCount).sum() * clean.shape[2] / pairs;
        var logConstants = logStds + counted * HalfLogTwoPi;
        var conditional = (Second(stds, one).log().sum([0]) * componentCount).sum() / pairs + counted * (0.5 + HalfLogTwoPi);
        return new MutualInformationValue(
            (mahalanobis + logConstants - conditional).MoveToOuterDisposeScope(),
            mahalanobis.MoveToOuterDisposeScope(),
            logConstants.MoveToOuterDisposeScope());
    }

    /// <summary>mean_m |‖x + μ‖₂ − T|. Source: Stained Glass Engine docs, loss/jigsaw.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="medianNorm">T, the median L2 norm of the embedding table's rows.</param>
    /// <param name="mask">Tokens that the transform changes.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static Tensor MedianNorm(Tensor clean, Tensor means, double medianNorm, RowMask mask)
    {
        Check(clean, means, mask);
        using var scope = NewDisposeScope();
        var rows = new CountedRows(mask, KernelArguments.AccumulationType(clean, means));
        return rows.Mean(((rows.Of(clean) + rows.Of(means)).norm(1) - medianNorm).abs()).MoveToOuterDisposeScope();
    }

    /// <summary>mean_m |cos(x, x̃)|, each norm at least 1e-8. Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="noisy">x̃, the same shape.</param>
    /// <param name="mask">Tokens that the transform changes.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static Tensor AbsoluteCosineSimilarity(Tensor clean, Tensor noisy, RowMask mask)
    {
        Check(clean, noisy, mask);
        using var scope = NewDisposeScope();
        var rows = new CountedRows(mask, KernelArguments.AccumulationType(clean, noisy));
        return rows.Mean(Cosine(rows.Of(noisy), rows.Of(clean)).abs()).MoveToOuterDisposeScope();
    }

    /// <summary>mean_m cos(x, x̃), each norm at least 1e-8. Source: Stained Glass Engine docs, loss/jigsaw; the eps is our reading.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="noisy">x̃, the same shape.</param>
    /// <param name="mask">Tokens that the transform changes.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static Tensor CosineSimilarity(Tensor clean, Tensor noisy, RowMask mask)
    {
        Check(clean, noisy, mask);
        using var scope = NewDisposeScope();
        var rows = new CountedRows(mask, KernelArguments.AccumulationType(clean, noisy));
        return rows.Mean(Cosine(rows.Of(noisy), rows.Of(clean))).MoveToOuterDisposeScope();
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
        var rows = new CountedRows(mask, KernelArguments.AccumulationType(stds));
        var ratio = rows.Mean(rows.Of(stds).mean([1])) / stdMax;
        return where(rows.Any(), ratio, ones_like(ratio)).log().neg().MoveToOuterDisposeScope();
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
        Check(clean, noisy, mask);
        using var scope = NewDisposeScope();
        var rows = new CountedRows(mask, KernelArguments.AccumulationType(clean, noisy));
        var distance = (rows.Of(noisy) - rows.Of(clean)).norm(1) + DistanceEps;
        return rows.Mean((characteristicLength / distance).pow(exponentOfDecay)).MoveToOuterDisposeScope();
    }

    private static double HalfLogTwoPi { get; } = 0.5 * Math.Log(2 * Math.PI);

    private static Tensor Cosine(Tensor left, Tensor right) =>
        (left * right).sum(1) / (left.norm(1).clamp_min(NormEps) * right.norm(1).clamp_min(NormEps));

    private static Tensor Empty(Tensor tokens) => tokens.narrow(0, 0, 0).sum();

    private static void Check(Tensor first, Tensor second, RowMask mask)
    {
        KernelArguments.RequireTokens(first, nameof(first));
        KernelArguments.RequireLike(first, second);
        KernelArguments.RequireMask(first.device, mask, first.shape[0], first.shape[1]);
    }
}
