namespace Jigsaw.CompilerServices;

/// <summary>How a weight rises over the first steps of a training run.</summary>
internal static class WeightRamp
{
    /// <summary>The share of the full weight at a step: 0 up to <paramref name="from"/>, 1 from <paramref name="from"/> + <paramref name="steps"/> on.</summary>
    /// <param name="ramp">Linear: (step − from) / steps; cosine: ½ − ½·cos(π·(step − from) / steps).</param>
    /// <param name="step">The step, from 0.</param>
    /// <param name="from">The step at which the weight starts to rise.</param>
    /// <param name="steps">Over how many steps it rises, at least 1.</param>
    public static double At(Ramp ramp, long step, int from, int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        var share = Math.Clamp((step - from) / (double)steps, 0, 1);
        return ramp == Ramp.Cosine ? 0.5 - (0.5 * Math.Cos(Math.PI * share)) : share;
    }

    /// <summary>The weight at a step of a geometric ramp: 0, then the start, then start · (weight / start)^share, then the full weight.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="weight">The full weight; 0 is 0 in all steps.</param>
    /// <param name="start">The weight that it rises from, above 0.</param>
    /// <param name="startFrom">The step before which the weight is 0.</param>
    /// <param name="from">The step at which the weight starts to rise.</param>
    /// <param name="steps">Over how many steps it rises, at least 1.</param>
    public static double Geometric(long step, double weight, double start, int startFrom, int from, int steps)
    {
        var share = At(Ramp.Linear, step, from, steps);
        return step < startFrom || weight == 0 ? 0
            : share is 0 ? start
            : share is 1 ? weight
            : start * Math.Pow(weight / start, share);
    }
}
