namespace Jigsaw.Training;

/// <summary>
/// The learning rate of each step. A checkpoint remembers the schedule's <see cref="object.ToString"/>, and a training with another one doesn't
/// resume from it: make it a record, so its numbers are in there.
/// </summary>
public interface ILearningRateSchedule
{
    /// <summary>The learning rate of a step.</summary>
    /// <param name="step">Counted from 0.</param>
    double At(long step);
}
