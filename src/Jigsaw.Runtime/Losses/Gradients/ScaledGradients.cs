using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Gradients;

/// <summary>Gradients that were computed together with their value: they only have to be scaled.</summary>
internal sealed class ScaledGradients(IEnumerable<KnownGradient.Part> parts) : IGradientRule
{
    private readonly Layout[] _layout = [.. parts.Select(part => new Layout(part.Input.shape, part.Input.dtype, part.Factor, part.Rows is not null))];

    /// <summary>What the rule reads from its parts.</summary>
    internal static IReadOnlyList<Tensor> Saved(IEnumerable<KnownGradient.Part> parts) =>
        [.. parts.SelectMany(part => part.Rows is { } rows ? (Tensor[])[part.Gradient, rows] : [part.Gradient])];

    /// <inheritdoc/>
    public List<Tensor> Gradients(IReadOnlyList<Tensor> saved, Tensor upstream)
    {
        var next = 0;
        var result = new List<Tensor>();
        foreach (var (shape, type, factor, packed) in _layout)
        {
            var gradient = (saved[next++] * (upstream * Scalars.Of(factor))).to(type);
            if (packed)
            {
                var rows = saved[next++];
                var all = shape.AsSpan()[..^1].ToArray().Aggregate(1L, (product, size) => product * size);
                gradient = zeros([all, shape[^1]], dtype: type, device: gradient.device).index_copy_(0, rows, gradient);
            }

            result.Add(gradient.reshape(shape));
        }

        // Not before all exist: if one fails, the scope frees the others.
        result.ForEach(gradient => gradient.DetachFromDisposeScope());
        return result;
    }

    private readonly record struct Layout(long[] Shape, ScalarType Type, double Factor, bool Packed);
}
