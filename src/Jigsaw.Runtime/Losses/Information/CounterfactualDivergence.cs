using Jigsaw.Batches;
using Jigsaw.Losses.Gradients;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Information;

/// <summary>
/// Σ over the transformed tokens of KL(N(M, s²) ‖ N(M′, s′²)) over their number: what the transform produces for a prompt, compared with what it produces for another one of the same length. Only this measure
/// sees what a token leaks through the x̃ of later tokens.
/// </summary>
/// <remarks>Source: the divergence between normal distributions; that it is taken between a prompt and its counterfactual is <em>our own</em>.</remarks>
internal static class CounterfactualDivergence
{
    /// <summary>The value in nats per token, a differentiable scalar in at least float32, with gradients into both sides. 0 without a token.</summary>
    /// <param name="truth">x, μ and σ of the prompt, each of shape (batch, sequence, features).</param>
    /// <param name="other">x, μ and σ of the other prompt, the same shapes.</param>
    /// <param name="noise">Tokens that the transform changes, in both.</param>
    /// <param name="repeats">How many copies of x̃ with fresh noise an attacker sees: s² = σ²/n.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices are incompatible, or n is less than 1.</exception>
    internal static Tensor Compute((Tensor Clean, Tensor Means, Tensor Stds) truth, (Tensor Clean, Tensor Means, Tensor Stds) other, RowMask noise, int repeats = 1)
    {
        GaussianRows.Check(truth.Clean, truth.Means, truth.Stds, repeats, noise);
        GaussianRows.Check(other.Clean, other.Means, other.Stds, repeats, noise);
        KernelArguments.RequireLike(truth.Clean, other.Clean);
        KnownGradient.ThrowRefusal();
        using var scope = NewDisposeScope();
        var wanted = is_grad_enabled();
        var parts = new List<KnownGradient.Part>();
        Tensor value;
        using (no_grad())
        {
            var (rows, others) = (new GaussianRows(truth.Clean, truth.Means, truth.Stds, noise, repeats), new GaussianRows(other.Clean, other.Means, other.Stds, noise, repeats));
            var share = rows.Shares(noise);
            var differences = rows.Means - others.Means;
            var precision = others.Variances.reciprocal();
            var spreads = differences.Squared().add_(rows.Variances, Scalars.One).mul_(precision);
            value = (((spreads - Scalars.Of(1) - rows.Variances.log()).Plus(others.Variances.log()).sum(1, keepdim: true) * Scalars.Of(0.5)) * share).sum();
            if (wanted)
            {
                var pull = differences.mul_(precision).mul_(share);
                rows.AddGradients(parts, pull, (precision - rows.Variances.reciprocal()).mul_(Scalars.Of(0.5)).mul_(share));
                others.AddGradients(parts, pull.neg(), (precision * spreads.SubtractedFrom(Scalars.Of(1))).mul_(Scalars.Of(0.5)).mul_(share));
            }
        }

        return KnownGradient.Attach(value, parts).MoveToOuterDisposeScope();
    }
}
