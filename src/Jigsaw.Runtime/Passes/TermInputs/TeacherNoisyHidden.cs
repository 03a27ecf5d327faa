using TorchSharp;

namespace Jigsaw;

/// <summary>Hidden states at the distillation layer, shape (batch, sequence, hidden), of the base model on the transformed embeddings. A custom term that takes this type reads them.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct TeacherNoisyHidden(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(TeacherNoisyHidden value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator TeacherNoisyHidden(torch.Tensor value) => new(value);
}
