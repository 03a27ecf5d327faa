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
        var (warmup, progress) = LearningRateSchedule.Place(step, WarmupSteps, Steps);
        return Peak * warmup * (1 - ((1 - FinalFraction) * progress));
    }
}
