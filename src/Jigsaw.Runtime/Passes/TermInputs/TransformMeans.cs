using TorchSharp;

namespace Jigsaw;

/// <summary>The transform's means μ, shape (batch, sequence, features). A custom term that takes this type reads them.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct TransformMeans(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(TransformMeans value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator TransformMeans(torch.Tensor value) => new(value);
}
