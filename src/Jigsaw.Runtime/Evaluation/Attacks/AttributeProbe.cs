using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>A linear probe for what a prompt is about (level K3): from the mean of x̃ over the transformed tokens to one yes or no for each attribute, fitted in closed form on known prompts.</summary>
internal sealed class AttributeProbe : IDisposable
{
    private const double Penalty = 1e-2;
    private readonly Tensor _mean;
    private readonly Tensor _map;

    private AttributeProbe(Tensor mean, Tensor map) => (_mean, _map) = (mean, map);

    /// <summary>Fits the probe.</summary>
    /// <param name="pooled">The mean of x̃ for each prompt, shape (prompts, features).</param>
    /// <param name="holds">1 where an attribute holds and −1 where not, shape (prompts, attributes).</param>
    public static AttributeProbe Fit(Tensor pooled, Tensor holds)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        // Centered, so that the penalty is one on what prompts differ by and not on what all have in common, which a transform may move far away.
        var (all, wanted) = (pooled.to(ScalarType.Float64), holds.to(ScalarType.Float64));
        var mean = all.mean([0]);
        var inputs = all - mean;
        var squares = inputs.t().matmul(inputs);
        var ridge = eye(squares.shape[0], dtype: squares.dtype, device: squares.device) * Scalars.Of(Math.Max(1e-30, Penalty * squares.trace().ReadDouble() / squares.shape[0]));
        var map = linalg.solve(squares.Plus(ridge), inputs.t().matmul(wanted - wanted.mean([0])));
        return new AttributeProbe(mean.DetachFromDisposeScope(), cat([map, wanted.mean([0], keepdim: true)]).DetachFromDisposeScope());
    }

    /// <summary>Which attributes hold, shape (prompts, attributes), bool, in the caller's dispose scope.</summary>
    public Tensor Holds(Tensor pooled)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var inputs = pooled.to(ScalarType.Float64) - _mean;
        return cat([inputs, ones(inputs.shape[0], 1, dtype: inputs.dtype, device: inputs.device)], 1).matmul(_map).gt(Scalars.Of(0)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _mean.Dispose();
        _map.Dispose();
    }
}
