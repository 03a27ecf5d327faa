using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>distillation_layer_cosine_distance_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// mean_m (1 − cos(h, t)), h the student's hidden states on x̃ and t the teacher's on x, at the distillation layer, or at the logits where the recipe names none.
    /// Minimized. Averages over the loss mask.
    /// Source: Stained Glass Engine docs, loss/jigsaw.
    /// </summary>
    [LossTermDefinition(11, "distillation_layer_cosine_distance_loss", TermPlace.LayerOrLogits, "CosineDistance",
        Purpose = TermPurpose.Quality,
        Source = Pass.StudentNoisy,
        Mask = TokenMask.Loss,
        Notation = "1 − cos(h, t) at {place}, h {source}, t teacher clean")]
    public sealed class DistillationCosineDistanceAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public DistillationCosineDistanceAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }
    }
}
