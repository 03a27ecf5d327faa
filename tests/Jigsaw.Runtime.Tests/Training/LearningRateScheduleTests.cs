using Jigsaw.Training;

namespace Jigsaw.Runtime.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void It_rises_over_the_warm_up_and_falls_to_the_fraction()
    {
        var schedule = new LearningRateSchedule(2e-3, 30, 300, 0.1);
        Assert.Equal(2e-3 / 30, schedule.At(0), 12);
        Assert.Equal(2e-3, schedule.At(30), 12);
        Assert.Equal(2e-3 * 0.55, schedule.At(165), 12);
        Assert.Equal(2e-4, schedule.At(300), 12);
        Assert.All(Enumerable.Range(31, 268), step => Assert.True(schedule.At(step) < schedule.At(step - 1)));
    }

    [Fact]
    public void It_can_fall_along_a_line_or_stay()
    {
        var line = new LinearLearningRate(2e-3, 30, 300, 0.1);
        foreach (var (step, rate) in new[] { (0, 2e-3 / 30), (30, 2e-3), (165, 2e-3 * 0.55), (300, 2e-4), (400, 2e-4) })
        {
            Assert.Equal(rate, line.At(step), 12);
        }

        foreach (var (decay, expected) in new[] { (LearningRateDecay.Cosine, 0.1 + (0.9 * 0.5)), (LearningRateDecay.Linear, 0.55), (LearningRateDecay.Constant, 1) })
        {
            using var session = new TrainingSession(new TrainingOptions { Steps = 3, WarmupSteps = 1, LearningRate = 1e-3, Decay = decay });
            Assert.Equal(1e-3 * expected, session.Run()[2].LearningRate, 1e-9);
        }
    }
}
