using Jigsaw.Training;

namespace Jigsaw.Runtime.Tests.Training;

public sealed class FrozenTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("jigsaw-frozen").FullName;

    public static TheoryData<TrainedParts> Parts => [TrainedParts.None, TrainedParts.Adapters, TrainedParts.Block, TrainedParts.Mean, TrainedParts.Std, TrainedParts.Transform, TrainedParts.Adapters | TrainedParts.Std];

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [MemberData(nameof(Parts))]
    public void What_is_frozen_keeps_its_values_and_all_else_is_trained(TrainedParts frozen)
    {
        using var session = new TrainingSession(new TrainingOptions { Steps = 4, LearningRate = 0.05, WarmupSteps = 1, Frozen = frozen });
        var before = Values(session);
        session.Run();
        var after = Values(session);
        foreach (var part in new[] { TrainedParts.Adapters, TrainedParts.Block, TrainedParts.Mean, TrainedParts.Std })
        {
            var names = before.Keys.Where(name => PartOf(name) == part).ToArray();
            Assert.NotEmpty(names);
            Assert.Equal(!frozen.HasFlag(part), names.Any(name => !before[name].SequenceEqual(after[name])));
        }
    }

    [Fact]
    public void A_stopped_run_with_a_frozen_part_resumes_to_the_same_numbers_and_not_with_another_part()
    {
        var options = new TrainingOptions { Steps = 8, LearningRate = 0.05, WarmupSteps = 1, Frozen = TrainedParts.Mean };
        using var whole = new TrainingSession(options);
        whole.Run();

        using (var stop = new CancellationTokenSource())
        using (var first = new TrainingSession(options with { CheckpointDirectory = _directory }))
        {
            Assert.Throws<OperationCanceledException>(() => first.Trainer.Run(
                step =>
                {
                    if (step.Step == 5)
                    {
                        stop.Cancel();
                    }
                },
                stop.Token));
        }

        using (var other = new TrainingSession(options with { CheckpointDirectory = _directory, Frozen = TrainedParts.Std }))
        {
            Assert.Contains("Frozen = Mean, now it is Std", Assert.Throws<TrainingCheckpointException>(() => other.Trainer.Resume()).Message, StringComparison.Ordinal);
        }

        using var second = new TrainingSession(options with { CheckpointDirectory = _directory });
        Assert.True(second.Trainer.Resume());
        second.Run();
        Assert.Equal(whole.Values(), second.Values());
    }

    [Fact]
    public void Freezing_everything_is_refused()
    {
        var refused = Assert.Throws<ArgumentException>(() => new TrainingSession(new TrainingOptions { Steps = 1, Frozen = TrainedParts.Adapters | TrainedParts.Transform }));
        Assert.Contains("leave one to train", refused.Message, StringComparison.Ordinal);
    }

    private static TrainedParts PartOf(string name) =>
        name.StartsWith("mean.", StringComparison.Ordinal) ? TrainedParts.Mean
        : name.StartsWith("std.", StringComparison.Ordinal) ? TrainedParts.Std
        : name.StartsWith("block.", StringComparison.Ordinal) ? TrainedParts.Block
        : TrainedParts.Adapters;

    private static Dictionary<string, float[]> Values(TrainingSession session) => session.Named().ToDictionary(pair => pair.Name, pair => pair.Value.detach().cpu().data<float>().ToArray());
}
