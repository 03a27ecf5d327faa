using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>std_log_ratio_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// −log(mean_m(σ) / σ_max), the mean over tokens that count and all their features.
    /// Minimized: pushes the noise toward its largest. Averages over the noise mask; 0 where the mask is empty.
    /// Source: Stained Glass Engine docs, loss/jigsaw.
    /// </summary>
    [LossTermDefinition(9, "std_log_ratio_loss", TermPlace.Embeddings, "StdLogRatio",
        Kind = TermKind.Strength,
        Purpose = TermPurpose.Privacy,
        Mask = TokenMask.Noise,
        Reads = ["Stds", "StdMax", "Mask"],
        Notation = "−log(σ / σ_max)")]
    public sealed class StdLogRatioAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public StdLogRatioAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }
    }
}
