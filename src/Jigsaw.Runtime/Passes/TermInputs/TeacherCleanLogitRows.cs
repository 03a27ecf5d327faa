using TorchSharp;

namespace Jigsaw;

/// <summary>
/// Logits of some of the batch's tokens, shape (rows, vocabulary), in no promised order, float32 at least, of the base model on the clean embeddings: a constant, beside the rows of another pass, the same rows in the same order. A custom term
/// that takes this type returns one value for each row, shape (rows), and is computed in the loop over the vocabulary: the logits of the batch are never there.
/// </summary>
/// <param name="Value">The tensor, to be read only.</param>
public readonly record struct TeacherCleanLogitRows(torch.Tensor Value)
{
    /// <summary>The tensor itself.</summary>
    public static implicit operator torch.Tensor(TeacherCleanLogitRows value) => value.Value;

    /// <summary>Names a tensor as what it is.</summary>
    public static implicit operator TeacherCleanLogitRows(torch.Tensor value) => new(value);
}
