using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>A linear probe for what a prompt is about (level K3): from the mean of x̃ over the transformed tokens to one yes or no for each attribute, fitted in closed form on known prompts.</summary>
internal sealed class AttributeProbe : IDisposable
{
    private const double Penalty = 1e-2;
    private readonly Tensor _map;

    private AttributeProbe(Tensor map) => _map = map;

    /// <summary>Fits the probe.</summary>
    /// <param name="pooled">The mean of x̃ for each prompt, shape (prompts, features).</param>
    /// <param name="holds">1 where an attribute holds and −1 where not, shape (prompts, attributes).</param>
    public static AttributeProbe Fit(Tensor pooled, Tensor holds)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var inputs = WithOne(pooled.to(ScalarType.Float64));
        var squares = inputs.t().matmul(inputs);
        var ridge = eye(squares.shape[0], dtype: squares.dtype, device: squares.device) * Scalars.Of(Penalty * squares.trace().ReadDouble() / squares.shape[0]);
        return new AttributeProbe(linalg.solve(squares.Plus(ridge), inputs.t().matmul(holds.to(ScalarType.Float64))).DetachFromDisposeScope());
    }

    /// <summary>Which attributes hold, shape (prompts, attributes), bool, in the caller's dispose scope.</summary>
    public Tensor Holds(Tensor pooled)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return WithOne(pooled.to(ScalarType.Float64)).matmul(_map).gt(Scalars.Of(0)).MoveToOuterDisposeScope();
    }

    public void Dispose() => _map.Dispose();

    private static Tensor WithOne(Tensor rows) => cat([rows, ones(rows.shape[0], 1, dtype: rows.dtype, device: rows.device)], 1);
}
