using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>An inversion attack: it tries to recover the tokens from transformed embeddings.</summary>
public interface IInversionAttack
{
    /// <summary>What to call the reader in a table.</summary>
    string Name { get; }

    /// <summary>Its candidates for each token, best first.</summary>
    /// <param name="noisy">x̃, shape (batch, sequence, features).</param>
    /// <param name="attentionMask">Real tokens.</param>
    /// <param name="candidates">Candidates per token.</param>
    /// <returns>Token ids, shape (batch, sequence, candidates), int64.</returns>
    Tensor Read(Tensor noisy, RowMask attentionMask, int candidates);
}
