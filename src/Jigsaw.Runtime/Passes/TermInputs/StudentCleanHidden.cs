using TorchSharp;

namespace Jigsaw;

/// <summary>Hidden states at the distillation layer, shape (batch, sequence, hidden), of the adapted model on the clean embeddings. A custom term that takes this type reads them.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct StudentCleanHidden(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(StudentCleanHidden value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator StudentCleanHidden(torch.Tensor value) => new(value);
}
