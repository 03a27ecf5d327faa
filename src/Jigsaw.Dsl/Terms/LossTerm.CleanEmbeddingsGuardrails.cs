using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>jigsaw_clean_embeddings_guardrails_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// Cross-entropy of the student's logits on clean embeddings with the teacher's on the same.
    /// Maximized: the adapted model must be of no use without the transform. Averages over the loss mask; uncapped unless <see cref="MaximizedTermAttribute.MaxLoss"/> is written.
    /// Source: Stained Glass Engine docs, loss/jigsaw; the cap is an addition.
    /// </summary>
    [LossTermDefinition(3, "jigsaw_clean_embeddings_guardrails_loss", TermPlace.Logits, "CrossEntropy",
        Pull = TermPull.Maximized,
        Source = Pass.StudentClean,
        Mask = TokenMask.Loss,
        Notation = "CE({source} ‖ teacher clean)")]
    public sealed class CleanEmbeddingsGuardrailsAttribute : MaximizedTermAttribute
    {
        /// <summary>Subtracts the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public CleanEmbeddingsGuardrailsAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }
    }
}
