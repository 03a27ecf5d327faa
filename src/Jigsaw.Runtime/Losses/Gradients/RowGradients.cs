using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Gradients;

/// <summary>
/// Gradients that are computed from the inputs' rows and a few numbers per row, for all terms on them at once and one block of rows at a time: apart
/// from the gradient itself nothing of the rows' size is ever allocated. The inputs are alive anyway; only references to them are kept.
/// </summary>
internal sealed class RowGradients : IGradientRule
{
    private readonly Block _block;
    private readonly bool[] _wanted;
    private readonly ScalarType _type;
    private readonly long _count;
    private readonly bool _hasIndex;
    private readonly bool _hasExcluded;
    private readonly (int Term, int Role)[] _places;

    private RowGradients(Block block, bool[] wanted, PackedRows rows, ScalarType type, IReadOnlyList<RowCoefficient> coefficients)
    {
        _block = block;
        _wanted = wanted;
        _type = type;
        _count = rows.Count;
        _hasIndex = rows.Index is not null;
        _hasExcluded = rows.Excluded is not null;
        _places = [.. coefficients.Select(coefficient => (coefficient.Term, coefficient.Role))];
    }

    /// <summary>Computes the gradients of a block of rows.</summary>
    /// <param name="rows">The rows of each input, shape (count, features): possibly the input's own memory, so read-only.</param>
    /// <param name="factors">For each role the sum of the terms' coefficients, shape (count, 1); null if none has it.</param>
    /// <param name="wanted">The inputs whose gradients are requested.</param>
    /// <returns>The requested gradients.</returns>
    internal delegate Tensor?[] Block(Tensor[] rows, Tensor?[] factors, bool[] wanted);

    /// <summary>Attaches gradients to values.</summary>
    /// <param name="values">One value for each term, shape (terms), without a graph.</param>
    /// <param name="inputs">Tensors of one shape (batch, sequence, features).</param>
    /// <param name="wanted">Which of them want a gradient.</param>
    /// <param name="rows">The rows that some term counts.</param>
    /// <param name="type">The type of the reductions.</param>
    /// <param name="block">Makes the gradients of a block of rows.</param>
    /// <param name="coefficients">The coefficients of each term.</param>
    internal static Tensor Attach(Tensor values, Tensor[] inputs, bool[] wanted, PackedRows rows, ScalarType type, Block block, IReadOnlyList<RowCoefficient> coefficients)
    {
        // Detached: what the backward pass reads needs no graph.
        List<Tensor> saved = [.. inputs.Select(input => input.detach())];
        if (rows.Index is { } index)
        {
            saved.Add(index);
        }

        if (rows.Excluded is { } excluded)
        {
            saved.Add(excluded);
        }

        saved.AddRange(coefficients.Select(coefficient => coefficient.PerRow));
        return KnownGradient.Attach(values, [.. inputs.Where((_, i) => wanted[i])], saved, new RowGradients(block, wanted, rows, type, coefficients));
    }

    /// <inheritdoc/>
    public List<Tensor> Gradients(IReadOnlyList<Tensor> saved, Tensor upstream)
    {
        var inputs = saved.Take(_wanted.Length).ToArray();
        var next = inputs.Length;
        var index = _hasIndex ? saved[next++] : null;
        var rows = new PackedRows(index, _hasExcluded ? saved[next++] : null, _count, _type);
        var (shape, device) = (inputs[0].shape, inputs[0].device);
        var factors = Factors(saved, next, upstream.reshape(-1));
        var all = inputs.Select(input => input.reshape(-1, shape[^1])).ToArray();

        // A packed mask's other rows are 0; without an index every row is written.
        var results = inputs.Select((input, i) => !_wanted[i] ? null : index is null ? empty_like(all[i]) : zeros_like(all[i])).ToArray();
        foreach (var (start, count) in rows.Blocks(shape[^1], device))
        {
            using var here = NewDisposeScope();
            var gradients = _block([.. all.Select(input => rows.Read(input, start, count))], [.. factors.Select(factor => factor?.narrow(0, start, count))], _wanted);
            for (var i = 0; i < results.Length; i++)
            {
                if (results[i] is not { } result)
                {
                    continue;
                }

                if (index is null)
                {
                    result.narrow(0, start, count).copy_(gradients[i]!);
                }
                else
                {
                    result.index_copy_(0, index.narrow(0, start, count), gradients[i]!.to(result.dtype));
                }
            }
        }

        List<Tensor> shaped = [.. results.OfType<Tensor>().Select(result => result.reshape(shape))];
        shaped.ForEach(gradient => gradient.DetachFromDisposeScope());
        return shaped;
    }

    private Tensor?[] Factors(IReadOnlyList<Tensor> saved, int first, Tensor upstream)
    {
        var factors = new Tensor?[_places.Length == 0 ? 0 : 1 + _places.Max(place => place.Role)];
        for (var i = 0; i < _places.Length; i++)
        {
            var (term, role) = _places[i];
            var factor = saved[first + i] * upstream.narrow(0, term, 1);
            factors[role] = factors[role] is { } sum ? sum.add_(factor, Scalars.One) : factor;
        }

        return factors;
    }
}
