namespace Jigsaw.Training;

/// <summary>What a training run does about a step whose loss or gradient is NaN or infinite. Nothing from such a step is ever applied.</summary>
public enum NonFinitePolicy
{
    /// <summary>The run ends with a <see cref="NonFiniteLossException"/>.</summary>
    Stop,

    /// <summary>The run goes on with the next step, and <see cref="TrainingStep.IsSkipped"/> says so; ten such steps in a row end it.</summary>
    Skip,
}
