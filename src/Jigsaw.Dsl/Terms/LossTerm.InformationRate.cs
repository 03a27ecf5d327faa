using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>information_rate</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// Mean over the counted tokens of KL(N(x + μ, σ²) ‖ N(a, v)) in nats per token, a and v the mean and variance of x̃ over the noise mask, or over the counted tokens with <see cref="InformationRateAttribute.OwnPrior"/>: an upper bound of what a token's x̃ tells about its text.
    /// Minimized. Averages over the noise mask. Linear in the batch. Beyond the original.
    /// Source: Barber and Agakov's variational bound with a Gaussian marginal, arXiv 1612.00410.
    /// </summary>
    [LossTermDefinition(16, "information_rate", TermPlace.Embeddings, "InformationRate",
        Kind = TermKind.Strength,
        Purpose = TermPurpose.Privacy,
        Mask = TokenMask.Noise,
        Reads = ["Clean", "Means", "Stds", "Mask", "NoiseMask", "Repeats", "OwnPrior"],
        Notation = "KL(N(x + μ, σ²/{Repeats}) ‖ N(a, v)), a and v the moments of x̃")]
    public sealed class InformationRateAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public InformationRateAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }

        /// <summary>How many copies of x̃ with fresh noise an attacker sees, at least 1: the term is taken with σ/√n. Not written: 1.</summary>
        [Hyperparameter(NumericRule.Count, "{key}_repeats", Default = 1)]
        public int Repeats { get; set; }

        /// <summary>
        /// True to take a and v over the counted tokens alone, false to take them over the noise mask. With a mask of some of the transformed tokens it is the tighter bound, and the term asks nothing of the
        /// others: not that their noise be that of the counted ones. That a token is counted, is then taken as known to the attacker. Not written: false. Structure.
        /// </summary>
        [Hyperparameter("{key}_own_prior", Structure = true)]
        public bool OwnPrior { get; set; }

        /// <summary>How much each counted token weighs. Not written: <see cref="TokenWeighting.Uniform"/>. Structure.</summary>
        [Hyperparameter("{key}_weighting", Structure = true)]
        public TokenWeighting Weighting { get; set; }
    }
}
