using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>distillation_layer_l2_distance_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// Normalized L2 distance mean_m ‖h − t‖₂ / max(‖t‖₂, 1e-8) of the student's hidden states on x̃ and the teacher's on x, at the distillation layer, or at the logits where the recipe names none.
    /// Minimized. Averages over the loss mask.
    /// Source: Stained Glass Engine docs, loss/jigsaw.
    /// </summary>
    [LossTermDefinition(12, "distillation_layer_l2_distance_loss", TermPlace.LayerOrLogits, "NormalizedL2",
        Purpose = TermPurpose.Quality,
        Source = Pass.StudentNoisy,
        Mask = TokenMask.Loss,
        Notation = "‖h − t‖ / ‖t‖ at {place}, h {source}, t teacher clean")]
    public sealed class DistillationL2DistanceAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public DistillationL2DistanceAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }
    }
}
