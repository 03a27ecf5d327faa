using System.ComponentModel;
using Jigsaw.Batches;
using Jigsaw.Losses.Pairs;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>
/// All terms that compare one pair of tensors row by row, each in a separate file. Norms, dot products and distances are computed once for all of
/// them, one block of rows at a time, and the backward pass computes one gradient of the tensors' size, again for all of them: the forward pass keeps only a few
/// numbers per row. Tensors have the shape (batch, sequence, features) and are float32, float64, bfloat16 or float16; values are scalars in at least
/// float32, raw and positive. Rows that a mask leaves out have no effect on that term, and rows that all masks leave out are never read; an empty mask
/// gives 0 and zero gradients. Nothing waits for the device. Don't change the tensors in place between the loss and its backward pass.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed partial class PairLoss
{
    private readonly Tensor[]? _inputs;
    private readonly StepActivations? _elsewhere;
    private readonly List<PairTerm> _terms = [];

    private PairLoss(Tensor[]? inputs, StepActivations? elsewhere) => (_inputs, _elsewhere) = (inputs, elsewhere);

    /// <summary>Starts a pair without terms.</summary>
    /// <param name="first">Shape (batch, sequence, features).</param>
    /// <param name="second">The same shape, on the same device.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices differ.</exception>
    public static PairLoss Begin(Tensor first, Tensor second)
    {
        KernelArguments.RequireTokens(first);
        KernelArguments.RequireLike(first, second);
        return new PairLoss([first, second], null);
    }

    /// <summary>Starts a pair that belongs to another stage of a step: its terms are 0, and nothing is read.</summary>
    internal static PairLoss Elsewhere(StepActivations step) => new(null, step);

    /// <summary>Computes the one term.</summary>
    /// <exception cref="InvalidOperationException">No term was added, or several were.</exception>
    public TermValue Value()
    {
        if (_terms.Count > 1)
        {
            throw new InvalidOperationException($"The pair has {_terms.Count} terms, not one; read its values.");
        }

        return Values()[0];
    }

    /// <summary>Computes all terms.</summary>
    /// <exception cref="InvalidOperationException">No term was added.</exception>
    public TermValues Values()
    {
        if (_terms.Count == 0)
        {
            throw new InvalidOperationException("The pair has no terms; add one before it is computed.");
        }

        return new TermValues(_inputs is null ? [.. _terms.Select(_ => _elsewhere!.Zero)] : PairKernel.Compute(_inputs, _terms));
    }

    private PairLoss Add(RowMask mask, PairMeasure[] reads, Func<IReadOnlyDictionary<PairMeasure, Tensor>, PairTerm.Rows> compute, double? maxLoss = null, double scalingFactor = 1)
    {
        ArgumentNullException.ThrowIfNull(mask);
        if (_inputs is [var first, _])
        {
            KernelArguments.RequireMask(first.device, mask, first.shape[0], first.shape[1]);
        }

        _terms.Add(new PairTerm(mask, reads, compute, maxLoss, scalingFactor));
        return this;
    }
}
