using Jigsaw.Data;
using Jigsaw.Training;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>Measuring a run on held-out batches while it trains, and what ends it before its last step.</summary>
public sealed class TrainingEvaluationTests : IDisposable
{
    // Too small to move any float32, so no evaluation is better than the first.
    private const double NoRate = 1e-30;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_with_evaluations_trains_as_one_without_and_measures_the_same_batches_each_time()
    {
        using var plain = Session(new TrainingOptions { Steps = 6, WarmupSteps = 2 });
        var without = plain.Run();
        using var measured = Session(new TrainingOptions { Steps = 6, WarmupSteps = 2, Evaluation = Evaluation(every: 2) });
        var with = measured.Run();
        Assert.Equal(without.Select(step => step.Loss), with.Select(step => step.Loss));
        Assert.Equal(plain.Values(), measured.Values());
        Assert.Equal([2, 4, 6], with.Where(step => step.Evaluation is not null).Select(step => step.Step));

        using var still = Session(new TrainingOptions { Steps = 6, LearningRate = NoRate, Evaluation = Evaluation(every: 2) });
        Assert.Single(still.Run().Where(step => step.Evaluation is not null).Select(step => string.Join(' ', step.Evaluation!)).Distinct());
    }

    [Fact]
    public void The_held_out_loss_has_the_weights_of_the_runs_end_and_each_term_once_whatever_its_Every()
    {
        using var session = Session(new TrainingOptions { Steps = 6, WarmupSteps = 2, Evaluation = Evaluation(every: 1) with { Count = 1 } });
        foreach (var step in session.Run())
        {
            var found = step.Evaluation!;
            var expected = found["jigsaw_ce_performance_loss"] + (0.5 * found["absolute_cosine_similarity_penalty"]) + (0.3 * found["information_rate"]) + (0.1 * found["median_norm_penalty"]);
            Assert.Equal(expected, found["composite_loss"], 1e-5 * Math.Abs(expected));
        }
    }

    [Fact]
    public void The_best_checkpoint_is_kept_beside_the_last_two_and_can_be_gone_back_to()
    {
        using var session = Session(Options(steps: 6) with { LearningRate = NoRate, CheckpointEvery = 1 });
        var steps = session.Run();
        Assert.Equal([true, false, false, false, false, false], steps.Select(step => step.IsBest));
        Assert.Equal(["step-000001", "step-000005", "step-000006"], Checkpoints());
        Assert.Equal(TrainingEnd.Steps, session.Trainer.End);
        Assert.Equal(_folder["step-000001"], session.Trainer.BestCheckpoint);
        session.Trainer.Resume(session.Trainer.BestCheckpoint!);
        Assert.Equal(1, session.Trainer.StepsDone);
    }

    [Fact]
    public void A_run_without_improvement_ends_and_ends_again_when_it_is_resumed()
    {
        var options = Options(steps: 20) with { LearningRate = NoRate, Evaluation = Evaluation(every: 2) with { Patience = 3 } };
        using (var session = Session(options))
        {
            Assert.Equal(8, session.Run().Count);
            Assert.Equal(TrainingEnd.NoImprovement, session.Trainer.End);
            Assert.Equal(["step-000002", "step-000008"], Checkpoints());
        }

        using var resumed = Session(options);
        Assert.True(resumed.Trainer.Resume());
        Assert.Empty(resumed.Run());
        Assert.Equal((TrainingEnd.NoImprovement, _folder["step-000002"]), (resumed.Trainer.End, resumed.Trainer.BestCheckpoint));
        using var patient = Session(options with { Evaluation = options.Evaluation! with { Patience = 4 } });
        Assert.True(patient.Trainer.Resume());
        Assert.Equal(2, patient.Run().Count);
    }

    [Fact]
    public void A_run_that_was_stopped_measures_the_same_after_it_is_resumed()
    {
        using var whole = Session(new TrainingOptions { Steps = 8, WarmupSteps = 2, Evaluation = Evaluation(every: 2) });
        var expected = Measured(whole.Run());
        using (var first = Session(Options(8)))
        {
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => first.Trainer.Run(step => { if (step.Step == 5) { stop.Cancel(); } }, stop.Token));
        }

        using var second = Session(Options(8));
        Assert.True(second.Trainer.Resume());
        Assert.Equal(expected.TakeLast(2), Measured(second.Run()));

        static IEnumerable<string> Measured(IEnumerable<TrainingStep> steps) => steps.Where(step => step.Evaluation is not null).Select(step => $"{step.Step} {step.IsBest} {string.Join(' ', step.Evaluation!)}").ToArray();
    }

    [Fact]
    public void A_time_limit_ends_a_run_after_a_step_with_a_checkpoint()
    {
        var options = Options(steps: 3) with { TimeLimit = TimeSpan.FromTicks(1), Evaluation = null };
        for (var done = 1; done <= 3; done++)
        {
            using var session = Session(options);
            Assert.Equal(done > 1, session.Trainer.Resume());
            var step = Assert.Single(session.Run());
            Assert.Equal((done, done == 3 ? TrainingEnd.Steps : TrainingEnd.TimeLimit), (step.Step, session.Trainer.End));
        }
    }

    [Fact]
    public void A_run_that_stops_after_a_step_goes_on_to_the_numbers_of_a_whole_one()
    {
        var options = Options(steps: 4) with { Evaluation = null };
        using var whole = Session(options with { CheckpointDirectory = null });
        var expected = whole.Run().Select(step => (step.Step, step.Loss, step.LearningRate)).ToArray();
        Assert.InRange(expected.Select(step => step.LearningRate).Distinct().Count(), 3, 4);
        var parts = new List<(int, double, double)>();
        float[] values = [];
        foreach (var (stop, end) in new (int?, TrainingEnd)[] { (1, TrainingEnd.StopAfter), (3, TrainingEnd.StopAfter), (null, TrainingEnd.Steps) })
        {
            using var session = Session(options with { StopAfter = stop });
            Assert.Equal(parts.Count > 0, session.Trainer.Resume());
            parts.AddRange(session.Run().Select(step => (step.Step, step.Loss, step.LearningRate)));
            Assert.Equal((stop ?? 4, end), (session.Trainer.StepsDone, session.Trainer.End));
            values = session.Values();
        }

        Assert.Equal(expected, parts);
        Assert.Equal(whole.Values(), values);
    }

    [Fact]
    public void An_evaluation_out_of_its_range_is_refused()
    {
        foreach (var (evaluation, named) in new (TrainingEvaluation, string)[] { (Evaluation(0), "Every"), (Evaluation(1) with { Count = 0 }, "Count"), (Evaluation(1) with { Patience = 0 }, "Patience") })
        {
            var exception = Assert.Throws<ArgumentException>(() => Session(Options(4) with { Evaluation = evaluation }));
            Assert.Matches($"^{named} of the training's evaluation is 0; use (null or )?at least 1", exception.Message);
        }

        Assert.Contains("TimeLimit of the training run is 0", Assert.Throws<ArgumentException>(() => Session(Options(4) with { TimeLimit = TimeSpan.Zero })).Message, StringComparison.Ordinal);
    }

    private static TrainingEvaluation Evaluation(int every) => new() { Batches = new OtherBatches(), Count = 4, Every = every };

    private static TrainingSession Session(TrainingOptions options) => new(options, bind: (teacher, student) => ScheduledRecipe.Bind(teacher, student));

    private TrainingOptions Options(int steps) => new() { Steps = steps, WarmupSteps = 2, CheckpointDirectory = _folder.Path, CheckpointEvery = 100, Evaluation = Evaluation(every: steps == 8 ? 2 : 1) };

    private string[] Checkpoints() => [.. Directory.GetDirectories(_folder.Path, "step-*").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    /// <summary>Rows that the training doesn't see.</summary>
    private sealed class OtherBatches : ITokenBatches
    {
        private readonly RandomBatches _batches = new(vocabulary: 64);

        public Batches.TokenBatch At(long step) => _batches.At(step + 1_000_000);
    }
}
