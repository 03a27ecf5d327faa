using Jigsaw.Batches;
using Jigsaw.Losses.Gradients;
using Jigsaw.Processes;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Information;

/// <summary>
/// The mean over the counted tokens of KL(N(M, s²) ‖ N(a, v)) in nats per token, a and v the mean and variance of x̃ over the transformed tokens: an upper bound on what a token's
/// x̃ reveals about the text so far. Linear in the batch.
/// </summary>
/// <remarks>Source: the variational bound of Barber and Agakov, with a Gaussian marginal; Alemi et al., arXiv 1612.00410. That the marginal is the batch's own is <em>our reading</em>.</remarks>
internal static class InformationRate
{
    /// <summary>The value, a differentiable scalar in at least float32. 0 without a counted token.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="stds">σ, the same shape.</param>
    /// <param name="counted">Tokens whose rate counts.</param>
    /// <param name="noise">Tokens that the transform changes, over which a and v are taken.</param>
    /// <param name="repeats">How many copies of x̃ with fresh noise an attacker sees: s² = σ²/n.</param>
    /// <param name="weights">What each token's rate is multiplied by, shape (batch, sequence), constants; null for 1.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices are incompatible, or n is less than 1.</exception>
    internal static Tensor Compute(Tensor clean, Tensor means, Tensor stds, RowMask counted, RowMask noise, int repeats = 1, Tensor? weights = null)
    {
        GaussianRows.Check(clean, means, stds, repeats, counted, noise);
        KnownGradient.ThrowRefusal();
        using var scope = NewDisposeScope();
        var wanted = is_grad_enabled() && (clean.requires_grad || means.requires_grad || stds.requires_grad);
        var parts = new List<KnownGradient.Part>();
        Tensor value;
        using (no_grad())
        {
            var rows = new GaussianRows(clean, means, stds, ReferenceEquals(counted, noise) ? counted : counted | noise, repeats);
            var (ofCounted, ofNoise) = (rows.Shares(counted), rows.Shares(noise));
            if (weights is not null)
            {
                KernelArguments.RequireDevice(clean.device, weights);
                ofCounted = ofCounted * rows.Read(weights, 0);
            }

            // Nothing is measured against a prior of no token.
            var group = noise.Step?.Group;
            var deviations = rows.Means - GroupTensors.Sum(group, (rows.Means * ofNoise).sum([0]));
            var spreads = deviations.Squared().add_(rows.Variances, Scalars.One);
            var prior = GroupTensors.Sum(group, (spreads * ofNoise).sum([0])).Plus(rows.IsEmpty(noise));
            var precision = prior.reciprocal();
            var rates = ((spreads * precision) - Scalars.Of(1) - rows.Variances.log()).Plus(prior.log()).sum(1, keepdim: true).mul_(Scalars.Of(0.5));
            value = (rates * ofCounted).sum();
            if (wanted)
            {
                var (all, ofDeviations, ofSpreads) = (ofCounted.sum(), (deviations * ofCounted).sum([0]), (spreads * ofCounted).sum([0]));
                GroupTensors.Sum(group, all, ofDeviations, ofSpreads);
                var ofPriorMean = ofDeviations.mul_(precision).neg_();
                var ofPrior = (all - (ofSpreads * precision)).mul_(precision).mul_(Scalars.Of(0.5));
                var ofMeans = (deviations * precision * ofCounted).add_((deviations * (ofPrior * Scalars.Of(2))).add_(ofPriorMean, Scalars.One).mul_(ofNoise), Scalars.One);
                var ofVariances = (precision - rows.Variances.reciprocal()).mul_(Scalars.Of(0.5)).mul_(ofCounted).add_(ofPrior * ofNoise, Scalars.One);
                rows.AddGradients(parts, ofMeans, ofVariances);
            }
        }

        return KnownGradient.Attach(value, parts).MoveToOuterDisposeScope();
    }
}
