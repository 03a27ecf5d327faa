using Jigsaw.Batches;
using TorchSharp;

namespace Jigsaw;

/// <summary>Real tokens, not padding: shape (batch, sequence), bool. A custom term that takes this type reads it.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct AttentionMask(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(AttentionMask value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator AttentionMask(torch.Tensor value) => new(value);

    /// <summary>The tensor of a mask of the batch.</summary>
    public static implicit operator AttentionMask(RowMask mask) => new(mask.Value);
}
