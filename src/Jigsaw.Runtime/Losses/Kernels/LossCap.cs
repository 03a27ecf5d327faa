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
    internal static Tensor Of(Tensor value, double? maxLoss, double scalingFactor)
    {
        if (maxLoss is not { } cap)
        {
            return value;
        }

        KernelArguments.RequireFloating(value);
        using var scope = NewDisposeScope();
        return ((value * Scalars.Of(scalingFactor)).sigmoid() * Scalars.Of(cap)).MoveToOuterDisposeScope();
    }
}
