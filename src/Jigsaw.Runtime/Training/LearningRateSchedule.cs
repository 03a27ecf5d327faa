namespace Jigsaw.Training;

/// <summary>A linear warm-up, then half a cosine down to a fraction.</summary>
/// <param name="Peak">The largest learning rate.</param>
/// <param name="WarmupSteps">Steps of the warm-up.</param>
/// <param name="Steps">Total number of steps.</param>
/// <param name="FinalFraction">The fraction of the peak at the last step.</param>
public sealed record LearningRateSchedule(double Peak, int WarmupSteps, int Steps, double FinalFraction) : ILearningRateSchedule
{
    /// <inheritdoc/>
    public double At(long step)
    {
        var (warmup, progress) = Place(step, WarmupSteps, Steps);
        return Peak * warmup * (FinalFraction + ((1 - FinalFraction) * 0.5 * (1 + Math.Cos(Math.PI * progress))));
    }

    /// <summary>The share of the peak that the warm-up has reached, and the share of the fall behind it that is over.</summary>
    internal static (double Warmup, double Progress) Place(long step, int warmupSteps, int steps) =>
        (Math.Min(1.0, (step + 1.0) / Math.Max(1, warmupSteps)), Math.Clamp((step - warmupSteps) / (double)Math.Max(1, steps - warmupSteps), 0, 1));
}
