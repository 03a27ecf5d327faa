using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <content>The divergence from counterfactual prompts.</content>
public sealed partial class EmbeddingTerms
{
    /// <summary>Σ over the noise mask of KL(N(x + μ, σ²/n) ‖ N(x′ + μ′, σ′²/n)) over the number of its tokens, in nats per token; the other direction on every second step.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="stds">σ, the same shape.</param>
    /// <param name="counterfactuals">Draws the other prompts.</param>
    /// <param name="mask">Tokens that are replaced in them.</param>
    /// <param name="noiseMask">Tokens that the transform changes.</param>
    /// <param name="minSurprisal">Tokens that surprise the teacher less, in nats, are not replaced.</param>
    /// <param name="repeats">How many copies of x̃ with fresh noise an attacker sees.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices are incompatible, or the number of copies is less than 1.</exception>
    /// <exception cref="InvalidOperationException">The batch can't be transformed again.</exception>
    public TermValue CounterfactualDivergence(Tensor clean, Tensor means, Tensor stds, CounterfactualPrompts counterfactuals, RowMask mask, RowMask noiseMask, double minSurprisal, int repeats) => Value(() =>
    {
        ArgumentNullException.ThrowIfNull(counterfactuals);
        using var scope = NewDisposeScope();
        var truth = (clean, means, stds);
        var other = counterfactuals.Replace(mask, minSurprisal);
        var (from, to) = counterfactuals.IsForward ? (truth, other) : (other, truth);
        return Losses.Information.CounterfactualDivergence.Compute(from, to, noiseMask, repeats).MoveToOuterDisposeScope();
    });
}
