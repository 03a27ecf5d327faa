using Jigsaw.Batches;
using TorchSharp;

namespace Jigsaw;

/// <summary>Tokens that the transform changes: shape (batch, sequence), bool. A custom term that takes this type reads it.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct NoiseMask(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(NoiseMask value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator NoiseMask(torch.Tensor value) => new(value);

    /// <summary>The tensor of a mask of the batch.</summary>
    public static implicit operator NoiseMask(RowMask mask) => new(mask.Value);
}
