using TorchSharp;

namespace Jigsaw;

/// <summary>Logits, shape (batch, sequence, vocabulary), of the base model on the transformed embeddings. A custom term that takes this type makes the closure materialize them.</summary>
/// <param name="Value">The tensor.</param>
public readonly record struct TeacherNoisyLogits(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(TeacherNoisyLogits value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator TeacherNoisyLogits(torch.Tensor value) => new(value);
}
