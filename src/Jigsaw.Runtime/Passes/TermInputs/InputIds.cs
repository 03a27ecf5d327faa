using TorchSharp;

namespace Jigsaw;

/// <summary>The token ids of the batch, shape (batch, sequence), int64. A custom term that takes this type reads them.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct InputIds(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(InputIds value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator InputIds(torch.Tensor value) => new(value);
}
