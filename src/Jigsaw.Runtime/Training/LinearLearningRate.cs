namespace Jigsaw.Training;

/// <summary>A linear warm-up, then a line down to a fraction; a fraction of 1 stays at the peak.</summary>
/// <param name="Peak">The largest learning rate.</param>
/// <param name="WarmupSteps">Steps of the warm-up.</param>
/// <param name="Steps">Total number of steps.</param>
/// <param name="FinalFraction">The fraction of the peak at the last step.</param>
internal sealed record LinearLearningRate(double Peak, int WarmupSteps, int Steps, double FinalFraction) : ILearningRateSchedule
{
    /// <inheritdoc/>
    public double At(long step)
    {
        var warmup = Math.Min(1.0, (step + 1.0) / Math.Max(1, WarmupSteps));
        var progress = Math.Clamp((step - WarmupSteps) / (double)Math.Max(1, Steps - WarmupSteps), 0, 1);
        return Peak * warmup * (1 - ((1 - FinalFraction) * progress));
    }
}
