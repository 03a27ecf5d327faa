using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Compatibility;

/// <summary>
/// What teacher and student left on a super-batch, under the original API's keys: each tensor holds the clean half of the batch first and
/// the transformed half after it.
/// </summary>
public sealed class ActivationsDict : Dictionary<string, Tensor>
{
    /// <summary>Key of the teacher's logits, shape (2·batch, sequence, vocabulary).</summary>
    public const string TeacherLogits = "teacher_logits";

    /// <summary>Key of the student's logits, shape (2·batch, sequence, vocabulary).</summary>
    public const string StudentLogits = "student_logits";

    /// <summary>Key of the teacher's hidden states at the distillation layer, shape (2·batch, sequence, hidden).</summary>
    public const string TeacherDistillationLayerEmbeddings = "teacher_distillation_layer_embeddings";

    /// <summary>Key of the student's hidden states at the distillation layer, shape (2·batch, sequence, hidden).</summary>
    public const string StudentDistillationLayerEmbeddings = "student_distillation_layer_embeddings";

    internal (Tensor Clean, Tensor Noisy) Halves(string key, long superBatch, params ReadOnlySpan<long> rest)
    {
        if (!TryGetValue(key, out var tensor))
        {
            throw new ArgumentException($"activations has no '{key}', only {(Count == 0 ? "nothing" : string.Join(", ", Keys))}; add the super-batch's tensor under that key.", nameof(key));
        }

        KernelArguments.RequireTokens(tensor, key);
        if (superBatch % 2 != 0 || tensor.shape[0] != superBatch || !tensor.shape.AsSpan(1, rest.Length).SequenceEqual(rest))
        {
            throw new ArgumentException(
                $"'{key}' has the shape ({string.Join(", ", tensor.shape)}); give ({string.Join(", ", [superBatch, .. rest])}{(rest.Length == 2 ? "" : ", …")}) with an even first dimension, clean half first.",
                nameof(key));
        }

        return (tensor.narrow(0, 0, superBatch / 2), tensor.narrow(0, superBatch / 2, superBatch / 2));
    }
}
