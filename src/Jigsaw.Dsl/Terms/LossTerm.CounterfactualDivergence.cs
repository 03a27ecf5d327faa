using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>counterfactual_divergence</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// Σ over the noise mask of KL(N(x + μ, σ²) ‖ N(x′ + μ′, σ′²)) over the number of its tokens, in nats per token; x′, μ′ and σ′ are the transform's outputs for the prompt's counterfactual, in which the masked tokens
    /// are replaced by draws from the teacher's prediction at their place. In either direction on half of the steps. It alone sees what a token reveals through the x̃ of later tokens.
    /// Minimized. Replaces the tokens that the reply does not repeat. One more pass of the transform, none of the models; linear in the batch. Beyond the original.
    /// Source: the divergence between normal distributions; that it is taken between a prompt and its counterfactual is our own.
    /// </summary>
    [LossTermDefinition(19, "counterfactual_divergence", TermPlace.Embeddings, "CounterfactualDivergence",
        Kind = TermKind.Strength,
        Purpose = TermPurpose.Privacy,
        Mask = TokenMask.NotInReply,
        Reads = ["Clean", "Means", "Stds", "Counterfactuals", "Mask", "NoiseMask", "MinSurprisal", "Repeats"],
        Notation = "KL(N(x + μ, σ²/{Repeats}) ‖ N(x′ + μ′, σ′²/{Repeats})), ′ of the prompt with tokens drawn anew that surprise by more than {MinSurprisal} nats")]
    public sealed class CounterfactualDivergenceAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public CounterfactualDivergenceAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }

        /// <summary>Only tokens that surprise the teacher by more than this, −log p in nats, are replaced: names and numbers more than the words that carry the intent. Not written: 0, all.</summary>
        [Hyperparameter(NumericRule.Weight, "{key}_min_surprisal", Default = 0)]
        public double MinSurprisal { get; set; }

        /// <summary>How many copies of x̃ with fresh noise an attacker sees, at least 1: the term is taken with σ/√n. Not written: 1.</summary>
        [Hyperparameter(NumericRule.Count, "{key}_repeats", Default = 1)]
        public int Repeats { get; set; }
    }
}
