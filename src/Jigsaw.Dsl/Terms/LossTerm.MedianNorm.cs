using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>median_norm_penalty</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// mean_m |‖x + μ‖₂ − T|, T the median L2 norm of the rows of the embedding table (of an even number the lower of the middle two).
    /// Minimized: keeps transformed embeddings at the length that the model knows. Averages over the noise mask.
    /// Source: Stained Glass Engine docs, loss/jigsaw.
    /// </summary>
    [LossTermDefinition(7, "median_norm_penalty", TermPlace.Embeddings, "MedianNorm",
        Kind = TermKind.Strength,
        Mask = TokenMask.Noise,
        Pair = ["Clean", "Means"],
        Reads = ["MedianNorm", "Mask"],
        Notation = "|‖x + μ‖ − T|, T the median norm of the embedding table")]
    public sealed class MedianNormAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public MedianNormAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }
    }
}
