using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Filtering;

/// <summary>Adds up, over the passes of a step, the error and the size of the cross-entropies' gradients with respect to hidden states.</summary>
internal sealed class GradientErrorMeasurement
{
    private Tensor? _squares;

    /// <summary>Adds a gradient, shape (rows, hidden).</summary>
    /// <param name="gradient">With a filter.</param>
    /// <param name="exact">Without.</param>
    public void Add(Tensor gradient, Tensor exact)
    {
        using var scope = NewDisposeScope();
        var wide = KernelArguments.AccumulationType(exact);
        var error = gradient.to(wide) - exact.to(wide);
        var squares = stack([error.Squared().sum(), exact.to(wide).Squared().sum()]);
        if (_squares is null)
        {
            _squares = squares.DetachFromDisposeScope();
        }
        else
        {
            _squares.add_(squares, Scalars.One);
        }
    }

    /// <summary>The error's norm as a share of the gradient's, shape (), the caller's; null when nothing was filtered.</summary>
    public Tensor? Relative()
    {
        if (_squares is null)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        using var squares = _squares;
        _squares = null;
        return (squares[0] / squares[1].clamp_min(Scalars.Of(1e-37))).sqrt().DetachFromDisposeScope();
    }
}
