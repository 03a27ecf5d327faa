using TorchSharp;

namespace Jigsaw;

/// <summary>Hidden states at the distillation layer, shape (batch, sequence, hidden), of the base model on the clean embeddings, a constant. A custom term that takes this type reads them.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct TeacherCleanHidden(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(TeacherCleanHidden value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator TeacherCleanHidden(torch.Tensor value) => new(value);
}
