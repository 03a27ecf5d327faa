using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <summary>
/// Declares a training loss: on a partial class, next to one <c>[LossTerm.…]</c> for each term. The compiler checks the recipe and
/// writes the loss. What is not written is absent; no property has a value that stands for "none".
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class LossRecipeAttribute : Attribute
{
    /// <summary>
    /// Index of the decoder layer, from 0, whose output hidden states are compared. Not written: distillation terms compare logits,
    /// and the two L2 terms are an error. Structure: never changed at run time.
    /// </summary>
    [Hyperparameter(NumericRule.Index, "distillation_layer_index", Structure = true)]
    public int DistillationLayer { get; set; }

    /// <summary>
    /// The α of the older factory, in [0, 1]: total = (1 − α)·Σ similarity terms + α·Σ strength terms. Strength terms are the std log ratio,
    /// input embedding similarity, the inverse L2 power law, mutual information, the median norm and absolute cosine similarity;
    /// all others are similarity terms, those with a minus too. Not written: the plain signed sum.
    /// Source: Stained Glass Engine docs, loss/jigsaw.
    /// </summary>
    [Hyperparameter(NumericRule.Fraction, "alpha")]
    public double Alpha { get; set; }

    /// <summary>What the cross-entropy terms compare with. Not written: <see cref="Jigsaw.CeTarget.Soft"/>. Structure.</summary>
    [Hyperparameter("ce_target", Structure = true)]
    public CeTarget CeTarget { get; set; }

    /// <summary>
    /// The relative error, from 0 to 1, that the gradient of the cross-entropies with respect to hidden states may have: 0.005, say. Only the columns of
    /// the logits' gradient that hold nearly all of it are then multiplied with the LM head, and a guess of rank one stands for the rest. Values and
    /// components stay exact. Not written, or 0: none is allowed. On the CPU and for heads that don't train; elsewhere it changes nothing.
    /// </summary>
    [Hyperparameter(NumericRule.Fraction, "gradient_filter")]
    public double GradientFilter { get; set; }

    /// <summary>
    /// Accepts models whose layers behind <see cref="DistillationLayer"/> were dropped or moved off the device; any term on logits is then
    /// an error. Not written: false. Structure.
    /// </summary>
    [Hyperparameter("truncate", Structure = true)]
    public bool Truncate { get; set; }
}
