using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>jigsaw_ce_protection_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// Cross-entropy of the teacher's logits on transformed embeddings with its own on clean ones.
    /// Maximized: the unadapted model must not be able to read x̃. Averages over the loss mask; uncapped unless <see cref="MaximizedTermAttribute.MaxLoss"/> is written.
    /// Source: Stained Glass Engine docs, loss/jigsaw.
    /// </summary>
    [LossTermDefinition(2, "jigsaw_ce_protection_loss", TermPlace.Logits, "CrossEntropy",
        Pull = TermPull.Maximized,
        Source = Pass.TeacherNoisy,
        Mask = TokenMask.Loss,
        Notation = "CE({source} ‖ teacher clean)")]
    public sealed class CeProtectionAttribute : MaximizedTermAttribute
    {
        /// <summary>Subtracts the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public CeProtectionAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }
    }
}
