using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>inverse_l2_power_law_catalyst_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// mean_m (ℓ / (‖x̃ − x‖₂ + 1e-6))^p, ℓ the characteristic length and p the exponent of decay.
    /// Minimized: drives transformed embeddings out of the clean ones' neighborhood, and dies away beyond ℓ. Averages over the noise mask.
    /// Source: Stained Glass Engine docs, loss/jigsaw.
    /// </summary>
    [LossTermDefinition(15, "inverse_l2_power_law_catalyst_loss", TermPlace.Embeddings, "InverseL2PowerLaw",
        Kind = TermKind.Strength,
        Purpose = TermPurpose.Privacy,
        Mask = TokenMask.Noise,
        Pair = ["Clean", "Noisy"],
        Reads = ["CharacteristicLength", "ExponentOfDecay", "Mask"],
        Notation = "({CharacteristicLength} / ‖x̃ − x‖)^{ExponentOfDecay}")]
    public sealed class InverseL2PowerLawAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public InverseL2PowerLawAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }

        /// <summary>ℓ, positive and finite: <c>JigsawLosses.RecommendedCharacteristicLength</c> computes one from an embedding table. Not written: 1.</summary>
        [Hyperparameter(NumericRule.Positive, "inverse_l2_power_law_characteristic_length", Default = 1)]
        public double CharacteristicLength { get; set; }

        /// <summary>p, positive and finite: how steeply the term falls with the distance. Not written: 1.</summary>
        [Hyperparameter(NumericRule.Positive, "inverse_l2_power_law_exponent_of_decay", Default = 1)]
        public double ExponentOfDecay { get; set; }
    }
}
