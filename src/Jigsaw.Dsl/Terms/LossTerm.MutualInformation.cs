using Jigsaw.CompilerServices;

namespace Jigsaw;

/// <content>The term <c>mutual_information_loss</c>.</content>
public static partial class LossTerm
{
    /// <summary>
    /// Mutual information of clean and transformed embeddings, I = H_mix − H_cond, by Monte Carlo over the pairs of two half batches, in nats per counted feature:
    /// H_mix = mean over pairs of ½·((x̃_i − x_l − μ_l)/σ_l)² + ½·log 2π + log σ_l, H_cond = mean of ½(1 + log 2π) + log σ_i. Also reports the two parts of H_mix.
    /// Minimized (the old docs contradict themselves here; decided). Averages over the noise mask. Of an odd batch the last row is left out; with fewer than two rows value and gradient are 0.
    /// Source: Stained Glass Engine docs, loss/jigsaw; arXiv 2506.09452.
    /// </summary>
    [LossTermDefinition(6, "mutual_information_loss", TermPlace.Embeddings, "MutualInformation",
        Kind = TermKind.Strength,
        Purpose = TermPurpose.Privacy,
        Mask = TokenMask.Noise,
        Reads = ["Clean", "Means", "Stds", "Noisy", "Mask", "CombineNoiseMasks"],
        Parts = ["gaussian_mixture_mahalanobis_distance_loss", "gaussian_mixture_log_constants_and_determinant_loss"],
        Notation = "I(x̃; x) in nats per feature, over pairs of half batches")]
    public sealed class MutualInformationAttribute : TokenTermAttribute
    {
        /// <summary>Adds the term.</summary>
        /// <param name="weight">What the value is multiplied by: finite and at least 0; 0 leaves the term out.</param>
        public MutualInformationAttribute([Hyperparameter(NumericRule.Weight, "{key}_weight")] double weight)
            : base(weight)
        {
        }

        /// <summary>True if a feature of a pair counts where the masks of both rows are set, false if it counts where that of the mixture component is. Not written: true. Structure.</summary>
        [Hyperparameter("combine_noise_masks_for_mutual_information_sub_batches", Default = 1, Structure = true)]
        public bool CombineNoiseMasks { get; set; }
    }
}
