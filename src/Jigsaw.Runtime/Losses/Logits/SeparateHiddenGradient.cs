using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Logits;

/// <summary>A product for each computation: its rows are scaled after the loop, when the caps are known.</summary>
/// <param name="rows">The loop's rows.</param>
/// <param name="table">The head in the type of the products.</param>
/// <param name="computations">The computations.</param>
/// <param name="hidden">Where each one's gradient goes, shape (rows, hidden).</param>
/// <param name="filter">Multiplies only the columns that matter; null to multiply all.</param>
internal sealed class SeparateHiddenGradient(LoopRows rows, Tensor table, IReadOnlyList<LogitComputation> computations, IReadOnlyList<Tensor> hidden, FilteredProduct? filter) : HiddenGradient(rows, table)
{
    /// <inheritdoc/>
    public override void Add(IReadOnlyList<Tensor> gradients, int from)
    {
        for (var i = 0; i < gradients.Count; i++)
        {
            var (gradient, count) = (gradients[i], (int)gradients[i].shape[0]);
            if (Rows.Narrow == ScalarType.Float16)
            {
                // The factors left for the end may be as large as the vocabulary, and float16 ends at 65504.
                var scales = computations[i].Scales.narrow(0, from, count);
                gradient.mul_(scales);
                scales.fill_(Scalars.Of(1));
            }

            if (filter is null || !computations[i].Term.CanBeFiltered)
            {
                Multiply(hidden[i], gradient, from);
                continue;
            }

            if (filter.Exact is { } exact)
            {
                Multiply(exact, gradient, from);
            }

            var product = hidden[i].narrow(0, from, count);
            if (filter.TryMultiply(gradient, product))
            {
                continue;
            }

            if (filter.Exact is { } whole)
            {
                product.copy_(whole.narrow(0, from, count));
            }
            else
            {
                Multiply(hidden[i], gradient, from);
            }
        }
    }

    /// <inheritdoc/>
    public override Tensor Finish()
    {
        filter?.Finish();
        Tensor? sum = null;
        for (var i = 0; i < hidden.Count; i++)
        {
            var factors = computations[i].RowFactors(0, (int)hidden[i].shape[0], isCapped: true);
            hidden[i].mul_(factors);
            if (filter?.Exact is { } exact && computations[i].Term.CanBeFiltered)
            {
                filter.Compare(hidden[i], exact.mul_(factors));
            }

            sum = sum is null ? hidden[i] : sum.add_(hidden[i], Scalars.One);
        }

        return sum!;
    }
}
