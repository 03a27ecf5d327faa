using TorchSharp;

namespace Jigsaw;

/// <summary>The transformed embeddings x̃, shape (batch, sequence, features); equal to x where the noise mask is not set. A custom term that takes this type reads them.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct NoisyEmbeddings(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(NoisyEmbeddings value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator NoisyEmbeddings(torch.Tensor value) => new(value);
}
