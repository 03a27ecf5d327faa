using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>jigsaw_l2_protection_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// Normalized L2 distance mean_m ‖h − t‖₂ / max(‖t‖₂, 1e-8) of the teacher's hidden states on x̃ and on x, at the distillation layer.
    /// Maximized. Averages over the loss mask; uncapped unless <see cref="MaximizedTermAttribute.MaxLoss"/> is written. Needs a <see cref="LossRecipeAttribute.DistillationLayer"/>.
    /// Source: Stained Glass Engine docs, loss/jigsaw; the cap is an addition.
    /// </summary>
    [LossTermDefinition(5, "jigsaw_l2_protection_loss", TermPlace.Layer, "NormalizedL2",
        Pull = TermPull.Maximized,
        Source = Pass.TeacherNoisy,
        Mask = TokenMask.Loss,
        Notation = "‖h − t‖ / ‖t‖ at {place}, h {source}, t teacher clean")]
    public sealed class L2ProtectionAttribute : MaximizedTermAttribute
    {
        /// <summary>Subtracts the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public L2ProtectionAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }
    }
}
