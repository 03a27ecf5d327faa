namespace Jigsaw.Training;

/// <summary>What one step of a training left to report.</summary>
/// <param name="Step">The step, counted from 1.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Components">The raw value of each term, and <c>composite_loss</c>.</param>
/// <param name="GradientNorm">The gradient's norm before clipping.</param>
/// <param name="LearningRate">The learning rate of the step.</param>
/// <param name="Tokens">Real tokens of the batch.</param>
/// <param name="TokensPerSecond">Real tokens a second since the run began.</param>
/// <param name="Elapsed">Time since the run began.</param>
/// <param name="Remaining">Time left at this pace.</param>
public sealed record TrainingStep(
    int Step,
    int Steps,
    IReadOnlyDictionary<string, double> Components,
    double GradientNorm,
    double LearningRate,
    int Tokens,
    double TokensPerSecond,
    TimeSpan Elapsed,
    TimeSpan Remaining)
{
    /// <summary>The loss that was minimized.</summary>
    public double Loss => Components[Losses.ComponentLosses.CompositeKey];
}
