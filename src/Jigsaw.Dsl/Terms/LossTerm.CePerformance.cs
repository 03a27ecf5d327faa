using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>jigsaw_ce_performance_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// Cross-entropy of the student's logits on transformed embeddings with the teacher's on clean ones, mean over real tokens.
    /// Minimized: the student learns to answer x̃ as the teacher answers x. Averages over the attention mask.
    /// Source: Stained Glass Engine docs, loss/jigsaw.
    /// </summary>
    [LossTermDefinition(1, "jigsaw_ce_performance_loss", TermPlace.Logits, "CrossEntropy",
        Purpose = TermPurpose.Quality,
        Source = Pass.StudentNoisy,
        Mask = TokenMask.Attention,
        Notation = "CE({source} ‖ teacher clean)")]
    public sealed class CePerformanceAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public CePerformanceAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }
    }
}
