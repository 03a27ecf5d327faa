using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>An inversion attack: recovers tokens from transformed embeddings.</summary>
public interface IInversionAttack
{
    /// <summary>What to call the attack in a table.</summary>
    string Name { get; }

    /// <summary>What the attacker knows beside x̃, as a phrase such as <c>the embedding table</c>.</summary>
    string Knowledge { get; }

    /// <summary>Candidates for each token, best first. Sees what crosses the wire, x̃ and which positions are real, and nothing else of the batch.</summary>
    /// <param name="noisy">x̃, shape (batch, sequence, features).</param>
    /// <param name="attentionMask">Real tokens.</param>
    /// <param name="candidates">Candidates per token.</param>
    /// <returns>Token ids, shape (batch, sequence, candidates), int64, in the caller's dispose scope.</returns>
    Tensor Recover(Tensor noisy, RowMask attentionMask, int candidates);
}
