using TorchSharp;

namespace Jigsaw;

/// <summary>The transform's standard deviations σ, shape (batch, sequence, features), positive. A custom term that takes this type reads them.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct TransformStds(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(TransformStds value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator TransformStds(torch.Tensor value) => new(value);
}
