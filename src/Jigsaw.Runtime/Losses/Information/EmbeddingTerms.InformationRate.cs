using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <content>The rate at which x̃ reveals its text.</content>
public sealed partial class EmbeddingTerms
{
    /// <summary>Mean over the counted tokens of KL(N(x + μ, σ²/n) ‖ N(a, v)), in nats per token.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="stds">σ, the same shape.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <param name="noiseMask">Tokens that the transform changes, whose moments are a and v.</param>
    /// <param name="repeats">How many copies of x̃ with fresh noise an attacker sees.</param>
    /// <param name="ownPrior">True if a and v are the moments of the counted tokens alone.</param>
    /// <param name="surprisal">Weighs the counted tokens by how much they surprise the teacher; null weighs all the same.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices are incompatible, or the number of copies is less than 1.</exception>
    public TermValue InformationRate(Tensor clean, Tensor means, Tensor stds, RowMask mask, RowMask noiseMask, int repeats, bool ownPrior = false, TokenSurprisal? surprisal = null) => Value(() =>
        Losses.Information.InformationRate.Compute(clean, means, stds, mask, ownPrior ? mask : noiseMask, repeats, surprisal?.Weights(mask)));
}
