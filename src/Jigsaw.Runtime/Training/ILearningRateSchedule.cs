namespace Jigsaw.Training;

/// <summary>
/// The learning rate of each step. A checkpoint stores the schedule's <see cref="object.ToString"/>, and a training run with a different one doesn't
/// resume from it: make it a record, so that text contains its numbers.
/// </summary>
public interface ILearningRateSchedule
{
    /// <summary>The learning rate of a step.</summary>
    /// <param name="step">Counted from 0.</param>
    double At(long step);
}
