using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>clean_embedding_performance_on_student_model_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// Normalized L2 distance mean_m ‖h − t‖₂ / max(‖t‖₂, 1e-8) of the student's hidden states on x and the teacher's on x, at the distillation layer, or at the logits where the recipe names none.
    /// Maximized: the adapted model must be of no use without the transform. Averages over the loss mask; uncapped unless <see cref="MaximizedTermAttribute.MaxLoss"/> is written.
    /// Source: Stained Glass Engine docs, loss/jigsaw; the cap is an addition.
    /// </summary>
    [LossTermDefinition(14, "clean_embedding_performance_on_student_model_loss", TermPlace.LayerOrLogits, "NormalizedL2",
        Pull = TermPull.Maximized,
        Source = Pass.StudentClean,
        Mask = TokenMask.Loss,
        Notation = "‖h − t‖ / ‖t‖ at {place}, h {source}, t teacher clean")]
    public sealed class CleanEmbeddingPerformanceAttribute : MaximizedTermAttribute
    {
        /// <summary>Subtracts the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public CleanEmbeddingPerformanceAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }
    }
}
