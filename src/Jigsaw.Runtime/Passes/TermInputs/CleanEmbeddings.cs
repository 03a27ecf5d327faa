using TorchSharp;

namespace Jigsaw;

/// <summary>The clean embeddings x, shape (batch, sequence, features). A custom term that takes this type reads them.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct CleanEmbeddings(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(CleanEmbeddings value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator CleanEmbeddings(torch.Tensor value) => new(value);
}
