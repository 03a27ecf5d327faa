using Jigsaw.Batches;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Losses.Kernels;

/// <summary>The cap of a maximized term.</summary>
internal static class LossCap
{
    /// <summary>maxLoss · sigmoid(scalingFactor · value). Source: Stained Glass Engine docs, loss/jigsaw.</summary>
    /// <param name="value">The reduced value, a scalar.</param>
    /// <param name="maxLoss">The bound on the value; null leaves it uncapped.</param>
    /// <param name="scalingFactor">How fast the bound is reached.</param>
    /// <param name="step">The micro-batches that the value is a part of; null if it is whole. The parts' caps add up to that of the whole, and so do their gradients.</param>
    internal static Tensor Of(Tensor value, double? maxLoss, double scalingFactor, MicroBatches? step = null)
    {
        if (maxLoss is not { } cap)
        {
            return value;
        }

        KernelArguments.RequireFloating(value);
        using var scope = NewDisposeScope();
        if (step is not null)
        {
            // 1 − sigmoid(x) is sigmoid(−x), without the cancellation when the cap is reached.
            var scaled = step.Whole(value) * Scalars.Of(scalingFactor);
            var slope = scaled.sigmoid() * scaled.neg().sigmoid() * Scalars.Of(cap * scalingFactor);
            return ((value - value.detach()) * slope).Plus(scaled.sigmoid() * Scalars.Of(cap / step.Count)).MoveToOuterDisposeScope();
        }

        return ((value * Scalars.Of(scalingFactor)).sigmoid() * Scalars.Of(cap)).MoveToOuterDisposeScope();
    }
}
