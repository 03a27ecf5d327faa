using System.ComponentModel;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>
/// The built-in terms on the transform's outputs that don't compare two tensors, each in a separate file. They take tensors of shape
/// (batch, sequence, features) in float32, float64, bfloat16 or float16 and return scalars in at least float32: the raw, positive component,
/// differentiable. A token that the mask leaves out never enters the arithmetic, whatever its values; an empty mask gives 0 and zero gradients. No
/// term waits for the device. If the terms on embeddings belong to another stage of the step, they are 0 and read nothing.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed partial class EmbeddingTerms
{
    private readonly StepActivations? _elsewhere;

    private EmbeddingTerms(StepActivations? elsewhere) => _elsewhere = elsewhere;

    /// <summary>Terms that are computed.</summary>
    internal static EmbeddingTerms Here { get; } = new(null);

    /// <summary>Terms that belong to another stage of a step.</summary>
    internal static EmbeddingTerms Elsewhere(StepActivations step) => new(step);

    /// <summary>The value of a term, or 0.</summary>
    private Tensor Value(Func<Tensor> compute) => _elsewhere is { } step ? step.Zero : compute();

    /// <summary>The value of a term and its parts, or the same number of zeros.</summary>
    private TermValues Values(int count, Func<IReadOnlyList<Tensor>> compute) => new(_elsewhere is { } step ? [.. Enumerable.Range(0, count).Select(_ => step.Zero)] : compute());
}
