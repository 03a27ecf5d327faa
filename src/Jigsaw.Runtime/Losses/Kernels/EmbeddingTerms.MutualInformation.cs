using Jigsaw.Batches;
using Jigsaw.Losses.Gradients;
using Jigsaw.Processes;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <content>Mutual information over all pairs of a sample and a mixture component.</content>
public sealed partial class EmbeddingTerms
{
    private static readonly double _halfLogTwoPi = 0.5 * Math.Log(2 * Math.PI);

    /// <summary>
    /// Sub-batch Monte Carlo estimate of the mutual information between x and x̃: the first half of the batch provides the components of a
    /// Gaussian mixture, the second half the samples; all pairs count. Linear in the batch. The last row of an odd batch is left out; with
    /// fewer than two rows, value and gradients are 0. Source: arXiv 2506.09452 and Stained Glass Engine docs, loss/jigsaw; that it is
    /// minimized and that the three means are pooled over the same pairs is our reading.
    /// </summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="stds">σ, the same shape.</param>
    /// <param name="noisy">x̃, the same shape.</param>
    /// <param name="mask">Tokens that the transform changes.</param>
    /// <param name="combineNoiseMasks">True if a pair counts where both of its masks are set, false if it counts where the component's is; samples must be finite there.</param>
    /// <returns>The value in nats per counted feature; the mean over pairs of ½·((x̃ − x − μ)/σ)², and that of ½·log 2π + log σ, both detached.</returns>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices differ.</exception>
    public TermValues MutualInformation(Tensor clean, Tensor means, Tensor stds, Tensor noisy, RowMask mask, bool combineNoiseMasks) => Values(3, () =>
    {
        var (value, mahalanobisDistance, logConstantsAndDeterminant) = SubBatchEntropy(clean, means, stds, noisy, mask, combineNoiseMasks, conditional: true);
        return [value, mahalanobisDistance, logConstantsAndDeterminant];
    });

    /// <summary>
    /// The value, differentiable, and the two parts of the mixture entropy, detached. Linear in the batch: Σ_i (x̃_i − a)² is
    /// Σ_i (x̃_i − c)² + n(c − a)² + 2(c − a)·Σ_i (x̃_i − c) for every c, and near the samples' mean nothing cancels, even if the deviations
    /// differ by orders of magnitude. The gradients use the same sums.
    /// </summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ.</param>
    /// <param name="stds">σ.</param>
    /// <param name="noisy">x̃.</param>
    /// <param name="mask">Tokens that the transform changes.</param>
    /// <param name="combine">True if a pair counts where both masks are set, false if it counts where the component's is.</param>
    /// <param name="conditional">True to subtract the conditional entropy; otherwise the value is the mixture's entropy.</param>
    internal static (Tensor Value, Tensor MahalanobisDistance, Tensor LogConstantsAndDeterminant) SubBatchEntropy(Tensor clean, Tensor means, Tensor stds, Tensor noisy, RowMask mask, bool combine, bool conditional)
    {
        KernelArguments.RequireTokens(clean);
        KernelArguments.RequireLike(clean, means);
        KernelArguments.RequireLike(clean, stds);
        KernelArguments.RequireLike(clean, noisy);
        KernelArguments.RequireMask(clean.device, mask, clean.shape[0], clean.shape[1]);
        KnownGradient.ThrowRefusal();
        using var scope = NewDisposeScope();
        var grad = is_grad_enabled();
        var parts = new List<KnownGradient.Part>();
        Tensor value;
        Tensor mahalanobis;
        Tensor constants;
        using (no_grad())
        {
            var type = KernelArguments.AccumulationType(clean, means, stds, noisy);
            var group = mask.Step?.Group;
            var halves = Halves.Of(clean.shape[0], mask.Step);
            var components = mask.Value.narrow(0, halves.From, halves.Components).unsqueeze(-1);
            var componentWeights = components.to(type);
            var componentCount = GroupTensors.Sum(group, componentWeights.sum([0]));
            var samples = combine ? mask.Value.narrow(0, halves.SamplesFrom, halves.Samples).unsqueeze(-1) : componentCount.gt(Scalars.Of(0)).unsqueeze(0).expand(halves.Samples, -1, -1);
            var (noComponent, noSample) = (components.eq(Scalars.Of(false)), samples.eq(Scalars.Of(false)));
            Tensor First(Tensor tensor, double otherwise) => tensor.detach().narrow(0, halves.From, halves.Components).to(type, copy: true).masked_fill_(noComponent, Scalars.Of(otherwise));
            Tensor Second(Tensor tensor, double otherwise) => tensor.detach().narrow(0, halves.SamplesFrom, halves.Samples).to(type, copy: true).masked_fill_(noSample, Scalars.Of(otherwise));

            var sampleWeights = samples.to(type);
            var deviations = First(stds, 1);
            var sampleDeviations = Second(stds, 1);
            var noise = Second(noisy, 0);
            var (sampleCount, sampleSum) = (sampleWeights.sum([0]), (noise * sampleWeights).sum([0]));
            GroupTensors.Sum(group, sampleCount, sampleSum);
            var counted = (componentCount * sampleCount).sum() * Scalars.Of(clean.shape[2]);
            var pairs = counted.clamp_min(Scalars.Of(1));
            var share = counted / pairs / Scalars.Of(group?.Size ?? 1);

            var center = sampleSum / sampleCount.clamp_min(Scalars.Of(1));
            noise.sub_(center).mul_(sampleWeights);
            var (residue, spread) = (noise.sum([0]), noise.Squared().sum([0]));
            GroupTensors.Sum(group, residue, spread);
            var offsets = First(clean, 0).add_(First(means, 0), Scalars.One).neg_().add_(center, Scalars.One);
            var squares = spread.Plus(offsets * (offsets * sampleCount).Plus(residue * Scalars.Of(2)));
            var precisions = componentWeights / deviations.Squared();
            mahalanobis = (precisions * squares).sum() * Scalars.Of(0.5) / pairs;
            constants = ((deviations.log().sum([0]) * sampleCount).sum() / pairs).Plus(share * Scalars.Of(_halfLogTwoPi));
            value = mahalanobis.Plus(constants);
            if (conditional)
            {
                value -= ((sampleDeviations.log().sum([0]) * componentCount).sum() / pairs).Plus(share * Scalars.Of(0.5 + _halfLogTwoPi));
            }

            if (grad && (clean.requires_grad || means.requires_grad))
            {
                var centers = halves.Whole(clean, (precisions * (offsets * sampleCount).Plus(residue) / pairs).neg_(), null);
                foreach (var input in (ReadOnlySpan<Tensor>)[clean, means])
                {
                    if (input.requires_grad)
                    {
                        parts.Add(new KnownGradient.Part(input, centers.alias().DetachFromDisposeScope()));
                    }
                }
            }

            var (precision, pull) = (precisions.sum([0]), (precisions * offsets).sum([0]));
            if (grad && noisy.requires_grad)
            {
                GroupTensors.Sum(group, precision, pull);
            }

            if (grad && stds.requires_grad)
            {
                var first = ((componentWeights * sampleCount) - squares.mul_(precisions)).div_(deviations).div_(pairs);
                var second = conditional ? (sampleWeights * componentCount / sampleDeviations / pairs).neg_() : null;
                parts.Add(new KnownGradient.Part(stds, halves.Whole(stds, first, second).DetachFromDisposeScope()));
            }

            if (grad && noisy.requires_grad)
            {
                var second = noise.mul_(precision).add_(pull, Scalars.One).mul_(sampleWeights).div_(pairs);
                parts.Add(new KnownGradient.Part(noisy, halves.Whole(noisy, null, second).DetachFromDisposeScope()));
            }
        }

        return (
            KnownGradient.Attach(value, parts).MoveToOuterDisposeScope(),
            mahalanobis.MoveToOuterDisposeScope(),
            constants.MoveToOuterDisposeScope());
    }

    /// <summary>Which rows of a batch, or of a process's part of it, are components and which samples: the first and the second half of the step's.</summary>
    private readonly record struct Halves(long From, long Components, long SamplesFrom, long Samples)
    {
        public static Halves Of(long rows, MicroBatches? step)
        {
            var (first, own, half) = step is { Rows: > 0 } ? (step.FirstRow, step.OwnRows, step.Rows / 2) : (0L, rows, rows / 2);
            long Own(long row) => Math.Clamp(row - first, 0, own);
            return new Halves(0, Own(half), Own(half), Own(2 * half) - Own(half));
        }

        /// <summary>A tensor of all rows with what the halves have of it, 0 elsewhere.</summary>
        public Tensor Whole(Tensor like, Tensor? first, Tensor? second)
        {
            var whole = zeros(like.shape, dtype: (first ?? second)!.dtype, device: like.device);
            if (first is not null)
            {
                whole.narrow(0, From, Components).copy_(first);
            }

            if (second is not null)
            {
                whole.narrow(0, SamplesFrom, Samples).copy_(second);
            }

            return whole;
        }
    }
}
