using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>leave_one_out_information</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// mean_i [ln p(x̃_i | i) − ln 1/(N−1) Σ_(j≠i) p(x̃_i | j)] over the N counted tokens of the batch, with the transform's own density, in nats. With fewer than two tokens value and gradients are 0.
    /// Minimized. Counts the noise mask. Beyond the original.
    /// Source: Poole et al., arXiv 1905.06922, the leave-one-out upper bound.
    /// </summary>
    [LossTermDefinition(18, "leave_one_out_information", TermPlace.Embeddings, "LeaveOneOutInformation",
        Kind = TermKind.Strength,
        Purpose = TermPurpose.Privacy,
        Mask = TokenMask.Noise,
        Reads = ["Clean", "Means", "Stds", "Noisy", "Mask", "Repeats"],
        Notation = "ln p(x̃_i|i) − ln mean_(j≠i) p(x̃_i|j), p = N(x + μ, σ²/{Repeats})")]
    public sealed class LeaveOneOutInformationAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public LeaveOneOutInformationAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }

        /// <summary>How many copies of x̃ with fresh noise an attacker sees, at least 1: the term is taken with σ/√n. Not written: 1.</summary>
        [Hyperparameter(NumericRule.Count, "{key}_repeats", Default = 1)]
        public int Repeats { get; set; }
    }
}
