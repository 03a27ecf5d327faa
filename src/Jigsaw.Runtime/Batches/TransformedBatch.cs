using static TorchSharp.torch;

namespace Jigsaw.Batches;

/// <summary>
/// A batch with its transformed embeddings: x, μ, σ and one sample of x̃ = x + m·(μ + σ·ε), which teacher and student share.
/// </summary>
public sealed class TransformedBatch
{
    /// <summary>Token ids, shape (batch, sequence), int64.</summary>
    public required Tensor InputIds { get; init; }

    /// <summary>The ids on the host, in row-major order; null if they are on the device alone.</summary>
    internal ReadOnlyMemory<long>? HostIds { get; init; }

    /// <summary>Real tokens.</summary>
    public required RowMask AttentionMask { get; init; }

    /// <summary>Tokens that the transform changes.</summary>
    public required RowMask NoiseMask { get; init; }

    /// <summary>Of the tokens that the transform changes, those that the reply does not repeat; null if the batch doesn't know.</summary>
    public RowMask? NotInReplyMask { get; init; }

    /// <summary>Of the tokens that the transform changes, those that the reply repeats; null if the batch doesn't know.</summary>
    public RowMask? InReplyMask { get; init; }

    /// <summary>Of the tokens that the transform changes, those that the data names as private; null if the batch doesn't know.</summary>
    public RowMask? PrivateMask { get; init; }

    /// <summary>x, shape (batch, sequence, features).</summary>
    public required Tensor Clean { get; init; }

    /// <summary>x̃, shape (batch, sequence, features): float32 in training, in the dtype that is sent if the noise is secure.</summary>
    public required Tensor Noisy { get; init; }

    /// <summary>μ, shape (batch, sequence, features).</summary>
    public required Tensor Means { get; init; }

    /// <summary>σ, shape (batch, sequence, features).</summary>
    public required Tensor Stds { get; init; }

    /// <summary>Runs the transform on other token ids of shape (batch, sequence) under the same masks, with a gradient: x, μ and σ. Terms on counterfactual prompts need it; null if it can't be run again.</summary>
    public Func<Tensor, (Tensor Clean, Tensor Means, Tensor Stds)>? Moments { get; init; }

    /// <summary>The largest σ that the transform can produce: Scale·σ_max.</summary>
    public required double StdMax { get; init; }

    /// <summary>T, the median L2 norm of the embedding table's rows.</summary>
    public required double MedianNorm { get; init; }
}
