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
}
