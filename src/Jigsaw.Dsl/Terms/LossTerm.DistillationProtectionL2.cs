using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>distillation_protection_l2_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// Normalized L2 distance mean_m ‖h − t‖₂ / max(‖t‖₂, 1e-8) of the teacher's hidden states on x̃ and on x, at the distillation layer, or at the logits where the recipe names none.
    /// Maximized. Averages over the loss mask, or over the attention mask where <see cref="ApplyLossMask"/> is false; uncapped unless <see cref="MaximizedTermAttribute.MaxLoss"/> is written.
    /// Source: Stained Glass Engine docs, loss/jigsaw; the cap is an addition.
    /// </summary>
    [LossTermDefinition(13, "distillation_protection_l2_loss", TermPlace.LayerOrLogits, "NormalizedL2",
        Pull = TermPull.Maximized,
        Source = Pass.TeacherNoisy,
        Mask = TokenMask.Loss,
        Notation = "‖h − t‖ / ‖t‖ at {place}, h {source}, t teacher clean")]
    public sealed class DistillationProtectionL2Attribute : MaximizedTermAttribute
    {
        /// <summary>Subtracts the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public DistillationProtectionL2Attribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }

        /// <summary>True to average over the loss mask, false to average over the attention mask. Not written: true. Structure; incompatible with <see cref="TokenTermAttribute.Mask"/>, which names a mask, too.</summary>
        [MaskUnless(TokenMask.Attention)]
        [Hyperparameter("apply_distillation_protection_loss_mask", Default = 1, Structure = true)]
        public bool ApplyLossMask { get; set; }
    }
}
