using Jigsaw.Batches;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <content>What x̃ reveals about which token of the batch it is, estimated from the samples.</content>
public sealed partial class EmbeddingTerms
{
    /// <summary>mean_i [ln p(x̃_i | i) − ln mean over j ≠ i of p(x̃_i | j)] over the counted tokens, in nats.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, the same shape.</param>
    /// <param name="stds">σ, the same shape.</param>
    /// <param name="noisy">x̃, the same shape.</param>
    /// <param name="mask">Tokens that count.</param>
    /// <param name="repeats">How many copies of x̃ with fresh noise an attacker sees.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices are incompatible, or the number of copies is less than 1.</exception>
    public TermValue LeaveOneOutInformation(Tensor clean, Tensor means, Tensor stds, Tensor noisy, RowMask mask, int repeats) => Value(() => Losses.Information.LeaveOneOutInformation.Compute(clean, means, stds, noisy, mask, repeats));
}
