using System.ComponentModel;
using System.Numerics;
using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>
/// The prompts of a step in which tokens are replaced by what the teacher might have expected in their place: of the same length, and as likely as the true ones, so whoever can't tell them apart has learned nothing of
/// what was replaced. Beyond the original.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class CounterfactualPrompts
{
    private readonly StepActivations _step;

    internal CounterfactualPrompts(StepActivations step) => _step = step;

    /// <summary>
    /// True if the divergence of this step goes from the true prompt to the counterfactual: by the parity of the ones in the step's number, which is even and odd equally often, also on every n-th step.
    /// </summary>
    internal bool IsForward => BitOperations.PopCount((ulong)_step.Step) % 2 == 0;

    /// <summary>Draws replacements and runs the transform on them, with a gradient.</summary>
    /// <param name="mask">Tokens that may be replaced.</param>
    /// <param name="minSurprisal">Tokens that surprise the teacher less, in nats, keep their place.</param>
    /// <returns>x, μ and σ of the counterfactual prompts, each of shape (batch, sequence, features).</returns>
    /// <exception cref="InvalidOperationException">The batch can't be transformed again, or the teacher's clean pass has no logits.</exception>
    internal (Tensor Clean, Tensor Means, Tensor Stds) Replace(RowMask mask, double minSurprisal)
    {
        var again = _step.Batch.Moments ?? throw new InvalidOperationException(
            "The batch's transform can't be run again, which counterfactual prompts need; make the batch with transform.Apply, or set Moments of the TransformedBatch.");
        return again(Ids(mask, minSurprisal));
    }

    /// <summary>The ids of the counterfactual prompts, shape (batch, sequence), int64.</summary>
    internal Tensor Ids(RowMask mask, double minSurprisal)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        // Splitmix64's increment: neighboring steps get seeds that share no bits.
        var seed = unchecked((long)((ulong)(_step.Step + 1) * 0x9E3779B97F4A7C15UL));
        var predictions = _step.Predict(mask, seed);
        var draws = predictions.Draws!;
        return (minSurprisal > 0 ? Losses.Information.PromptPredictions.Choose(predictions.Surprisal.gt(minSurprisal), draws, _step.InputIds) : draws).MoveToOuterDisposeScope();
    }
}
