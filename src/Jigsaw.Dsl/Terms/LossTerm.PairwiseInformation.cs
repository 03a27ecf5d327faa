using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>pairwise_information</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// −mean_i ln mean_j exp(−KL(p_i ‖ p_j)) over the counted tokens of the batch, p_i = N(x_i + μ_i, σ_i²), in nats: an upper bound of what x̃ tells about which of these tokens it is, at most the logarithm of their number.
    /// Minimized. Counts the noise mask. Driven by near pairs, unlike the mutual information's mean over pairs. Beyond the original.
    /// Source: Kolchinsky and Tracey, arXiv 1706.02419; Kolchinsky, Tracey and Wolpert, arXiv 1705.02436.
    /// </summary>
    [LossTermDefinition(17, "pairwise_information", TermPlace.Embeddings, "PairwiseInformation",
        Kind = TermKind.Strength,
        Purpose = TermPurpose.Privacy,
        Mask = TokenMask.Noise,
        Reads = ["Clean", "Means", "Stds", "Mask", "Repeats"],
        Notation = "−ln mean_j exp(−KL(p_i ‖ p_j)), p = N(x + μ, σ²/{Repeats})")]
    public sealed class PairwiseInformationAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public PairwiseInformationAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }

        /// <summary>How many copies of x̃ with fresh noise an attacker sees, at least 1: the term is taken with σ/√n. Not written: 1.</summary>
        [Hyperparameter(NumericRule.Count, "{key}_repeats", Default = 1)]
        public int Repeats { get; set; }
    }
}
