using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <content>What x̃ reveals about which token of the batch it is, by distances between distributions.</content>
public sealed partial class EmbeddingTerms
{
    /// <summary>−mean_i ln mean_j exp(−KL(p_i ‖ p_j)) over the counted tokens, in nats.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="stds">σ, the same shape.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <param name="repeats">How many copies of x̃ with fresh noise an attacker sees.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices are incompatible, or the number of copies is less than 1.</exception>
    public TermValue PairwiseInformation(Tensor clean, Tensor means, Tensor stds, RowMask mask, int repeats) => Value(() => Losses.Information.PairwiseInformation.Compute(clean, means, stds, mask, repeats));
}
