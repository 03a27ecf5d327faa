using TorchSharp;

namespace Jigsaw;

/// <summary>Logits, shape (batch, sequence, vocabulary), of the adapted model on the clean embeddings. A custom term that takes this type makes the closure materialize them.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct StudentCleanLogits(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(StudentCleanLogits value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator StudentCleanLogits(torch.Tensor value) => new(value);
}
