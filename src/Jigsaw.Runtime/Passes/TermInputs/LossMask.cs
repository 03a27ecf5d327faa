using Jigsaw.Batches;
using TorchSharp;

namespace Jigsaw;

/// <summary>Positions whose logits predict a token that counts in the loss: shape (batch, sequence), bool. A custom term that takes this type reads it.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct LossMask(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(LossMask value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator LossMask(torch.Tensor value) => new(value);

    /// <summary>The tensor of a mask of the batch.</summary>
    public static implicit operator LossMask(RowMask mask) => new(mask.Value);
}
