using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>input_embedding_similarity_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// mean_m cos(x, x̃), norms clamped at 1e-8.
    /// Minimized: turns transformed embeddings away from the clean ones. Averages over the noise mask.
    /// Source: Stained Glass Engine docs, loss/jigsaw.
    /// </summary>
    [LossTermDefinition(10, "input_embedding_similarity_loss", TermPlace.Embeddings, "CosineSimilarity",
        Kind = TermKind.Strength,
        Purpose = TermPurpose.Privacy,
        Mask = TokenMask.Noise,
        Pair = ["Clean", "Noisy"],
        Reads = ["Mask"],
        Notation = "cos(x, x̃)")]
    public sealed class InputEmbeddingSimilarityAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public InputEmbeddingSimilarityAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }
    }
}
