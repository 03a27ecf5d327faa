using Jigsaw.Batches;
using Jigsaw.Losses.Kernels;
using Jigsaw.Passes;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Pairs;

/// <summary>
/// All terms that compare one pair of tensors row by row. Norms, dot products and distances are computed once for all of them, a block of
/// rows at a time, and the backward makes one gradient of the tensors' size, again for all of them: the forward keeps only a few numbers a
/// row. Tensors have the shape (batch, sequence, features) and are float32, float64, bfloat16 or float16; values are scalars in at least
/// float32, raw and positive. What a mask leaves out leaves no trace in that term, and what all leave out is never read; an empty mask
/// gives 0 and zero gradients. Nothing waits for the device. Don't change the tensors in place between the loss and its backward.
/// </summary>
public sealed class PairLoss
{
    private const double NormEps = 1e-8;
    private const double DistanceEps = 1e-6;
    private const PairMeasures CosineMeasures = PairMeasures.FirstNorm | PairMeasures.SecondNorm | PairMeasures.Product;

    private readonly Tensor[]? _inputs;
    private readonly StepActivations? _activations;
    private readonly List<PairTerm> _terms = [];

    private PairLoss(Tensor[]? inputs, StepActivations? activations) => (_inputs, _activations) = (inputs, activations);

    /// <summary>Starts a pair without terms.</summary>
    /// <param name="first">Shape (batch, sequence, features).</param>
    /// <param name="second">The same shape, on the same device.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static PairLoss Begin(Tensor first, Tensor second)
    {
        KernelArguments.RequireTokens(first);
        KernelArguments.RequireLike(first, second);
        return new PairLoss([first, second], null);
    }

    /// <summary>Starts the pair of a pass's hidden states and the teacher's on clean embeddings, at the distillation layer. Where the pass belongs to another stage of the step, its terms are 0.</summary>
    /// <param name="activations">What the passes of this step left.</param>
    /// <param name="pass">The pass that is compared.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    /// <exception cref="InvalidOperationException">The plan doesn't run the pass, or reads no layer of it.</exception>
    public static PairLoss AtLayer(StepActivations activations, Pass pass)
    {
        ArgumentNullException.ThrowIfNull(activations);
        return activations.Includes(pass) ? Begin(activations.Of(pass).Layer, activations.TeacherClean.Layer) : new PairLoss(null, activations);
    }

    /// <summary>Starts a pair of what the transform made. Where the terms on embeddings belong to another stage of the step, they are 0.</summary>
    /// <param name="activations">What the passes of this step left.</param>
    /// <param name="first">Shape (batch, sequence, features).</param>
    /// <param name="second">The same shape, on the same device.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices don't go together.</exception>
    public static PairLoss OnEmbeddings(StepActivations activations, Tensor first, Tensor second)
    {
        ArgumentNullException.ThrowIfNull(activations);
        return activations.IncludesEmbeddings ? Begin(first, second) : new PairLoss(null, activations);
    }

    /// <summary>Adds mean_m ‖first − second‖₂ / max(‖second‖₂, 1e-8); the second is a constant. See <see cref="MaskedKernels.NormalizedL2"/>.</summary>
    /// <param name="mask">Tokens that count.</param>
    /// <param name="maxLoss">The cap, as of <see cref="MaskedKernels.Cap"/>; null: none.</param>
    /// <param name="scalingFactor">How fast the cap is reached; ignored without one.</param>
    /// <exception cref="ArgumentException">The mask doesn't go with the tensors.</exception>
    public void NormalizedL2(RowMask mask, double? maxLoss = null, double scalingFactor = 1)
    {
        PairTerm.Rows Compute(IReadOnlyDictionary<PairMeasures, Tensor> measures)
        {
            var (distance, scale) = (measures[PairMeasures.Distance], measures[PairMeasures.SecondNorm].clamp_min(NormEps));
            return new(distance / scale, [new(0, PairDirection.Apart, distance.reciprocal().div_(scale).masked_fill_(distance.eq(0), 0))]);
        }

        Add(mask, PairMeasures.SecondNorm | PairMeasures.Distance, Compute, maxLoss, scalingFactor);
    }

    /// <summary>Adds mean_m (1 − cos(first, second)), each norm at least 1e-8; the second is a constant. See <see cref="MaskedKernels.CosineDistance"/>.</summary>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">The mask doesn't go with the tensors.</exception>
    public void CosineDistance(RowMask mask) => Add(mask, CosineMeasures, measures =>
    {
        var (cosine, slopes) = Cosine(measures);
        return new(1 - cosine, [.. slopes.Where(slope => slope.Input == 0).Select(slope => slope with { Factor = -slope.Factor })]);
    });

    /// <summary>Adds mean_m |cos(first, second)|, each norm at least 1e-8. See <see cref="MaskedKernels.AbsoluteCosineSimilarity"/>.</summary>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">The mask doesn't go with the tensors.</exception>
    public void AbsoluteCosineSimilarity(RowMask mask) => Add(mask, CosineMeasures, measures =>
    {
        // libtorch has no abs on META; the sign is 0 at 0.
        var (cosine, slopes) = Cosine(measures);
        var signs = cosine.sign();
        return new(cosine * signs, [.. slopes.Select(slope => slope with { Factor = slope.Factor * signs })]);
    });

    /// <summary>Adds mean_m cos(first, second), each norm at least 1e-8. See <see cref="MaskedKernels.CosineSimilarity"/>.</summary>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">The mask doesn't go with the tensors.</exception>
    public void CosineSimilarity(RowMask mask) => Add(mask, CosineMeasures, measures =>
    {
        var (cosine, slopes) = Cosine(measures);
        return new(cosine, slopes);
    });

    /// <summary>Adds mean_m (ℓ / (‖second − first‖₂ + 1e-6))^p. See <see cref="MaskedKernels.InverseL2PowerLaw"/>.</summary>
    /// <param name="characteristicLength">ℓ.</param>
    /// <param name="exponentOfDecay">p, positive.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">The mask doesn't go with the tensors.</exception>
    public void InverseL2PowerLaw(double characteristicLength, double exponentOfDecay, RowMask mask) => Add(mask, PairMeasures.Distance, measures =>
    {
        var distance = measures[PairMeasures.Distance];
        var lengths = distance + DistanceEps;
        var values = (characteristicLength / lengths).pow(exponentOfDecay);
        var factor = (values / lengths).div_(distance).mul_(-exponentOfDecay).masked_fill_(distance.eq(0), 0);
        return new(values, [new(0, PairDirection.Apart, factor), new(1, PairDirection.Apart, factor)]);
    });

    /// <summary>Adds mean_m |‖first + second‖₂ − T|. See <see cref="MaskedKernels.MedianNorm"/>.</summary>
    /// <param name="medianNorm">T.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <exception cref="ArgumentException">The mask doesn't go with the tensors.</exception>
    public void MedianNorm(double medianNorm, RowMask mask) => Add(mask, PairMeasures.NormOfSum, measures =>
    {
        var norms = measures[PairMeasures.NormOfSum];
        var excess = norms - medianNorm;
        var signs = excess.sign();
        var factor = (signs / norms).masked_fill_(norms.eq(0), 0);
        return new(excess * signs, [new(0, PairDirection.Together, factor), new(1, PairDirection.Together, factor)]);
    });

    /// <summary>Computes all terms.</summary>
    /// <exception cref="InvalidOperationException">No term was added.</exception>
    public PairLossValue Run()
    {
        if (_terms.Count == 0)
        {
            throw new InvalidOperationException("The pair has no terms; add one before it runs.");
        }

        return new PairLossValue(_inputs is null ? [.. _terms.Select(_ => _activations!.Zero)] : PairKernel.Compute(_inputs, _terms));
    }

    private static (Tensor Cosine, PairTerm.Slope[] Slopes) Cosine(IReadOnlyDictionary<PairMeasures, Tensor> measures)
    {
        Tensor[] norms = [measures[PairMeasures.FirstNorm], measures[PairMeasures.SecondNorm]];
        Tensor[] clamped = [.. norms.Select(norm => norm.clamp_min(NormEps))];
        var product = clamped[0] * clamped[1];
        var cosine = measures[PairMeasures.Product] / product;
        var across = product.reciprocal();

        // Below the clamp the norm is a constant, and only the product has a gradient.
        var along = norms.Select((norm, i) => (cosine / clamped[i]).div_(norm).neg_().masked_fill_(norm.lt(NormEps), 0)).ToArray();
        return (cosine, [new(0, PairDirection.Own, along[0]), new(0, PairDirection.Other, across), new(1, PairDirection.Own, along[1]), new(1, PairDirection.Other, across)]);
    }

    private void Add(RowMask mask, PairMeasures reads, Func<IReadOnlyDictionary<PairMeasures, Tensor>, PairTerm.Rows> compute, double? maxLoss = null, double scalingFactor = 1)
    {
        ArgumentNullException.ThrowIfNull(mask);
        if (_inputs is [var first, _])
        {
            KernelArguments.RequireMask(first.device, mask, first.shape[0], first.shape[1]);
        }

        _terms.Add(new PairTerm(mask, reads, compute, maxLoss, scalingFactor));
    }
}
