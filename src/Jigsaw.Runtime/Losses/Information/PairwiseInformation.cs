using Jigsaw.Batches;
using Jigsaw.Losses.Gradients;
using Jigsaw.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Information;

/// <summary>
/// −mean_i ln mean_j exp(−KL(p_i ‖ p_j)) over the counted tokens, j = i included: an upper bound on what x̃ reveals about which of these tokens it is, at most the logarithm of their number.
/// Unlike a mean over pairs, it is dominated by the close ones. Pairs are computed one chunk of rows at a time, by matrix products: memory is a chunk times the tokens, never pairs times features.
/// </summary>
/// <remarks>Source: Kolchinsky and Tracey, arXiv 1706.02419, and Kolchinsky, Tracey and Wolpert, arXiv 1705.02436.</remarks>
internal static class PairwiseInformation
{
    private const long ChunkBytes = 16L << 20;

    /// <summary>The value in nats, a differentiable scalar in at least float32. 0 without a counted token.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="stds">σ, the same shape.</param>
    /// <param name="counted">Tokens that count.</param>
    /// <param name="repeats">How many copies of x̃ with fresh noise an attacker sees: s² = σ²/n.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices are incompatible, or n is less than 1.</exception>
    internal static Tensor Compute(Tensor clean, Tensor means, Tensor stds, RowMask counted, int repeats = 1)
    {
        GaussianRows.Check(clean, means, stds, repeats, counted);
        KnownGradient.ThrowRefusal();
        using var scope = NewDisposeScope();
        var wanted = is_grad_enabled() && (clean.requires_grad || means.requires_grad || stds.requires_grad);
        var parts = new List<KnownGradient.Part>();
        Tensor value;
        using (no_grad())
        {
            var rows = new GaussianRows(clean, means, stds, counted, repeats, ofPairs: true);
            var group = counted.Step?.Group;
            var (all, before) = rows.OfAll(group, rows.Shares(counted));
            var pairs = new Pairs(all[0], all[1], all[2]);
            value = zeros([], dtype: rows.Type, device: clean.device);
            foreach (var (from, count) in Chunks(all[0].shape[0], rows.Type))
            {
                using var chunk = NewDisposeScope();
                pairs.Add(value, from, count, wanted);
            }

            if (wanted)
            {
                // Each process computes all pairs, and keeps the gradients of its own rows.
                rows.AddGradients(parts, rows.Own(pairs.OfMeans, before), rows.Own(pairs.OfVariances, before));
            }

            value = value / Scalars.Of(group?.Size ?? 1);
        }

        return KnownGradient.Attach(value.to(KernelArguments.AccumulationType(clean, means, stds)), parts).MoveToOuterDisposeScope();
    }

    /// <summary>Rows whose pairs with all rows fit in a chunk.</summary>
    internal static IEnumerable<(long From, long Count)> Chunks(long rows, ScalarType type)
    {
        var size = Math.Max(ChunkBytes / (Math.Max(rows, 1) * type.ElementSize()), 16);
        for (long from = 0; from < rows; from += size)
        {
            yield return (from, Math.Min(size, rows - from));
        }
    }

    /// <summary>ln Σ_j exp of each row, shape (rows, 1); 0 for a row that is −∞ throughout. Written out: libtorch's own operation has no kernel on META.</summary>
    internal static Tensor LogSumExp(Tensor rows)
    {
        var largest = rows.amax([1], keepdim: true);
        var empty = largest.eq(Scalars.Of(double.NegativeInfinity));
        largest = largest.masked_fill(empty, Scalars.Of(0));
        return (rows - largest).exp_().sum(1, keepdim: true).Plus(empty.to(rows.dtype)).log_().add_(largest, Scalars.One);
    }

    private sealed class Pairs
    {
        private readonly Tensor _shares;
        private readonly Tensor _excluded;
        private readonly Tensor _logCount;

        // Centered, so differences of squares lose as little precision as possible.
        private readonly Tensor _means;
        private readonly Tensor _variances;
        private readonly Tensor _precisions;
        private readonly Tensor _pulls;
        private readonly Tensor _columns;

        internal Pairs(Tensor means, Tensor variances, Tensor shares)
        {
            _shares = shares;
            _excluded = shares.eq(Scalars.Of(0)).t();
            _logCount = shares.gt(Scalars.Of(0)).to(means.dtype).sum().clamp_min(Scalars.Of(1)).log();
            _means = means - (means * shares).sum([0]);
            _variances = variances;
            _precisions = _variances.reciprocal();
            _pulls = _means * _precisions;
            Logarithms = _variances.log().sum(1, keepdim: true);
            _columns = (_means * _pulls).sum(1, keepdim: true).Plus(Logarithms).t();
            (OfMeans, OfVariances) = (zeros_like(_means), zeros_like(_means));
        }

        /// <summary>With respect to M, shape (rows, features).</summary>
        internal Tensor OfMeans { get; }

        /// <summary>With respect to s², shape (rows, features).</summary>
        internal Tensor OfVariances { get; }

        private Tensor Logarithms { get; }

        internal void Add(Tensor value, long from, long count, bool wanted)
        {
            var (means, variances, precisions) = (_means.narrow(0, from, count), _variances.narrow(0, from, count), _precisions.narrow(0, from, count));
            var spreads = means.Squared().Plus(variances).mm(_precisions.t()).addmm_(means, _pulls.t(), beta: 1, alpha: -2);
            var divergences = spreads.add_(_columns, Scalars.One).sub_(Logarithms.narrow(0, from, count)).sub_(Scalars.Of(_means.shape[1])).mul_(Scalars.Of(0.5)).clamp_min_(Scalars.Of(0));

            // Exactly 0 from a distribution to itself; infinite to one that does not count.
            divergences.masked_fill_(_excluded, Scalars.Of(double.PositiveInfinity)).diagonal(from, 0, 1).fill_(Scalars.Of(0));
            var negative = divergences.neg_();
            var sums = LogSumExp(negative);
            var share = _shares.narrow(0, from, count);
            value.sub_(((sums - _logCount) * share).sum());
            if (!wanted)
            {
                return;
            }

            // A distribution has no gradient with respect to its distance from itself.
            var weights = negative.sub_(sums).exp_().mul_(share);
            weights.diagonal(from, 0, 1).fill_(Scalars.Of(0));
            var totals = weights.sum(1, keepdim: true);
            var (ofMeans, ofVariances) = (OfMeans.narrow(0, from, count), OfVariances.narrow(0, from, count));
            var drawn = weights.mm(_precisions);
            ofMeans.addcmul_(means, drawn, Scalars.Of(1)).sub_(weights.mm(_pulls));
            ofVariances.add_((drawn - (totals * precisions)).mul_(Scalars.Of(0.5)), Scalars.One);
            var back = weights.t();
            var received = back.sum(1, keepdim: true);
            var carried = back.mm(means);
            OfMeans.addcmul_(_pulls, received, Scalars.Of(1)).addcmul_(_precisions, carried, Scalars.Of(-1));
            var squares = back.mm(means.Squared().Plus(variances)).addcmul_(_means, carried, Scalars.Of(-2)).addcmul_(_means.Squared(), received, Scalars.Of(1));
            OfVariances.add_((received * _precisions).sub_(squares.mul_(_precisions).mul_(_precisions)).mul_(Scalars.Of(0.5)), Scalars.One);
        }
    }
}
