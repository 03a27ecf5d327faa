using System.ComponentModel;
using Jigsaw.Batches;
using Jigsaw.Tensors;
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

    /// <summary>True if the divergence of this step goes from the true prompt to the counterfactual: on about half of the steps, whichever of them evaluate the term.</summary>
    internal bool IsForward => Mix(_step.Step) % 2 == 0;

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
        var seed = unchecked((long)Mix(_step.Step));
        var predictions = _step.Predict(mask, seed);
        var draws = predictions.Draws!;
        return (minSurprisal > 0 ? Losses.Information.PromptPredictions.Choose(predictions.Surprisal.gt(Scalars.Of(minSurprisal)), draws, _step.InputIds) : draws).MoveToOuterDisposeScope();
    }

    /// <summary>A number that looks random and follows from the step alone, so a resumed run draws the same: splitmix64.</summary>
    private static ulong Mix(long step)
    {
        unchecked
        {
            var z = (ulong)(step + 1) * 0x9E3779B97F4A7C15UL;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }
}
