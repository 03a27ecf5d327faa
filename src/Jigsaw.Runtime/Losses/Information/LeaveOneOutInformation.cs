using Jigsaw.Batches;
using Jigsaw.Losses.Gradients;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Information;

/// <summary>
/// mean_i [ln p(x̃_i | i) − ln 1/(N−1) Σ_(j≠i) p(x̃_i | j)] over the counted tokens, with the known density of the transform: an upper bound on what x̃ reveals, estimated from the samples themselves.
/// Pairs are computed one chunk of rows at a time, by matrix products.
/// </summary>
/// <remarks>Source: Poole et al., arXiv 1905.06922, the leave-one-out upper bound.</remarks>
internal static class LeaveOneOutInformation
{
    /// <summary>The value in nats, a differentiable scalar in at least float32. 0 with fewer than two counted tokens.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="stds">σ, the same shape.</param>
    /// <param name="noisy">x̃, the same shape.</param>
    /// <param name="counted">Tokens that count.</param>
    /// <param name="repeats">How many copies of x̃ with fresh noise an attacker sees: the density is that of σ²/n.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices are incompatible, or n is less than 1.</exception>
    internal static Tensor Compute(Tensor clean, Tensor means, Tensor stds, Tensor noisy, RowMask counted, int repeats = 1)
    {
        GaussianRows.Check(clean, means, stds, repeats, counted);
        KernelArguments.RequireLike(clean, noisy);
        KnownGradient.ThrowRefusal();
        using var scope = NewDisposeScope();
        var wanted = is_grad_enabled() && (clean.requires_grad || means.requires_grad || stds.requires_grad || noisy.requires_grad);
        var parts = new List<KnownGradient.Part>();
        Tensor value;
        using (no_grad())
        {
            var rows = new GaussianRows(clean, means, stds, counted, repeats, ofPairs: true);
            var group = counted.Step?.Group;
            var (all, before) = rows.OfAll(group, rows.Shares(counted), rows.Read(noisy, 0));
            var pairs = new Pairs(all[0], all[1], all[2], all[3]);
            value = pairs.Own();
            foreach (var (from, count) in PairwiseInformation.Chunks(all[0].shape[0], rows.Type))
            {
                using var chunk = NewDisposeScope();
                pairs.Add(value, from, count, wanted);
            }

            if (wanted)
            {
                // Each process computes all pairs, and keeps the gradients of its own rows.
                rows.AddGradients(parts, rows.Own(pairs.OfMeans, before), rows.Own(pairs.OfVariances, before));
                rows.AddGradient(parts, noisy, rows.Own(pairs.OfSamples, before));
            }

            value = value / Scalars.Of(group?.Size ?? 1);
        }

        return KnownGradient.Attach(value.to(KernelArguments.AccumulationType(clean, means, stds, noisy)), parts).MoveToOuterDisposeScope();
    }

    private sealed class Pairs
    {
        private readonly Tensor _shares;
        private readonly Tensor _excluded;
        private readonly Tensor _logOthers;

        // Centered, so differences of squares lose as little precision as possible.
        private readonly Tensor _samples;
        private readonly Tensor _means;
        private readonly Tensor _precisions;
        private readonly Tensor _pulls;
        private readonly Tensor _logarithms;
        private readonly Tensor _columns;

        internal Pairs(Tensor means, Tensor variances, Tensor shares, Tensor samples)
        {
            var counted = shares.gt(Scalars.Of(0)).to(means.dtype).sum();

            // A single token has no other one: its share is removed.
            _shares = shares * counted.gt(Scalars.Of(1)).to(means.dtype);
            _excluded = shares.eq(Scalars.Of(0)).t();
            _logOthers = (counted - Scalars.Of(1)).clamp_min(Scalars.Of(1)).log();
            var center = (means * shares).sum([0]);
            (_means, _samples) = (means - center, (samples - center).masked_fill_(shares.eq(Scalars.Of(0)), Scalars.Of(0)));
            _precisions = variances.reciprocal();
            _pulls = _means * _precisions;
            _logarithms = variances.log().sum(1, keepdim: true);
            _columns = (_means * _pulls).sum(1, keepdim: true).Plus(_logarithms).t();
            var differences = _samples - _means;
            var scaled = differences * _precisions;
            OwnLogarithms = (differences * scaled).sum(1, keepdim: true).Plus(_logarithms).mul_(Scalars.Of(-0.5));
            OfSamples = (scaled * _shares).neg_();
            OfMeans = scaled * _shares;
            OfVariances = (scaled.Squared() - _precisions).mul_(Scalars.Of(0.5)).mul_(_shares);
        }

        /// <summary>With respect to x̃, shape (rows, features).</summary>
        internal Tensor OfSamples { get; }

        /// <summary>With respect to M, shape (rows, features).</summary>
        internal Tensor OfMeans { get; }

        /// <summary>With respect to s², shape (rows, features).</summary>
        internal Tensor OfVariances { get; }

        private Tensor OwnLogarithms { get; }

        /// <summary>The mean of ln p(x̃_i | i), without the constant that cancels.</summary>
        internal Tensor Own() => (OwnLogarithms * _shares).sum();

        internal void Add(Tensor value, long from, long count, bool wanted)
        {
            var samples = _samples.narrow(0, from, count);
            var densities = samples.Squared().mm(_precisions.t()).addmm_(samples, _pulls.t(), beta: 1, alpha: -2).add_(_columns, Scalars.One).mul_(Scalars.Of(-0.5));
            densities.masked_fill_(_excluded, Scalars.Of(double.NegativeInfinity)).diagonal(from, 0, 1).fill_(Scalars.Of(double.NegativeInfinity));

            var sums = PairwiseInformation.LogSumExp(densities);
            var share = _shares.narrow(0, from, count);
            value.sub_(((sums - _logOthers) * share).sum());
            if (!wanted)
            {
                return;
            }

            var weights = densities.sub_(sums).exp_().mul_(share);
            OfSamples.narrow(0, from, count).addcmul_(samples, weights.mm(_precisions), Scalars.Of(1)).sub_(weights.mm(_pulls));
            var back = weights.t();
            var received = back.sum(1, keepdim: true);
            var carried = back.mm(samples);
            OfMeans.addcmul_(_pulls, received, Scalars.Of(1)).addcmul_(_precisions, carried, Scalars.Of(-1));
            var squares = back.mm(samples.Squared()).addcmul_(_means, carried, Scalars.Of(-2)).addcmul_(_means.Squared(), received, Scalars.Of(1));
            OfVariances.add_((received * _precisions).sub_(squares.mul_(_precisions).mul_(_precisions)).mul_(Scalars.Of(0.5)), Scalars.One);
        }
    }
}
