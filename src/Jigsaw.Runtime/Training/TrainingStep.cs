using Jigsaw.Losses;

namespace Jigsaw.Training;

/// <summary>The report of one training step.</summary>
public sealed record TrainingStep
{
    /// <summary>The step, counted from 1.</summary>
    public required int Step { get; init; }

    /// <summary>Total number of steps.</summary>
    public required int Steps { get; init; }

    /// <summary>The raw value of each term that the step evaluated, and <c>composite_loss</c>.</summary>
    public required IReadOnlyDictionary<string, double> Components { get; init; }

    /// <summary>True if a component or the gradient was NaN or infinite, so nothing from the step was applied: see <see cref="TrainingOptions.OnNonFinite"/>.</summary>
    public bool IsSkipped { get; init; }

    /// <summary>The gradient's norm before clipping; NaN if a component was not finite.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>The learning rate of the step.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Real tokens of the batch.</summary>
    public required int Tokens { get; init; }

    /// <summary>Real tokens per second since the run began.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Time since the run began.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Time left at this pace.</summary>
    public required TimeSpan Remaining { get; init; }

    /// <summary>The mean components on the held-out batches after this step, if it has an <see cref="TrainingOptions.Evaluation"/>, with <c>composite_loss</c>; otherwise null.</summary>
    public IReadOnlyDictionary<string, double>? Evaluation { get; init; }

    /// <summary>True if no evaluation before has had a <c>composite_loss</c> as low.</summary>
    public bool IsBest { get; init; }

    /// <summary>The loss that was minimized.</summary>
    public double Loss => Components[ComponentLosses.CompositeKey];
}
