using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>jigsaw_l2_performance_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// Normalized L2 distance mean_m ‖h − t‖₂ / max(‖t‖₂, 1e-8) of the student's hidden states on x̃ and the teacher's on x, at the distillation layer.
    /// Minimized. Averages over the loss mask. Needs a <see cref="LossRecipeAttribute.DistillationLayer"/>.
    /// Source: Stained Glass Engine docs, loss/jigsaw.
    /// </summary>
    [LossTermDefinition(4, "jigsaw_l2_performance_loss", TermPlace.Layer, "NormalizedL2",
        Purpose = TermPurpose.Quality,
        Source = Pass.StudentNoisy,
        Mask = TokenMask.Loss,
        Notation = "‖h − t‖ / ‖t‖ at {place}, h {source}, t teacher clean")]
    public sealed class L2PerformanceAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public L2PerformanceAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }
    }
}
