using TorchSharp;

namespace Jigsaw;

/// <summary>Logits, shape (batch, sequence, vocabulary), of the base model on the clean embeddings, a constant. A custom term that takes this type makes the closure materialize them.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct TeacherCleanLogits(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(TeacherCleanLogits value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator TeacherCleanLogits(torch.Tensor value) => new(value);
}
