using System.Diagnostics;
using Jigsaw.Processes;
using Jigsaw.Steps;
using Jigsaw.Training;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>Threads in place of processes: each has a model, a transform and adapters of its own.</summary>
public sealed class ProcessGroupTests
{
    private const int Steps = 20;

    private static readonly Dictionary<string, Func<NoisyTeacher, NoisyStudent, BoundLoss>> _recipes = new()
    {
        ["capped"] = CappedPartsRecipe.Bind,
        ["mixture"] = MixturePartsRecipe.Bind,
        ["pairs"] = BoundsRecipe.Bind,
        ["counterfactual"] = CounterfactualRecipe.Bind,
        ["surprisal"] = SurprisalRecipe.Bind,
        ["alpha"] = AlphaRecipe.Bind,
        ["no pass"] = EmbeddingsRecipe.Bind,
        ["rows"] = RowsRecipe.Bind,
        ["apart"] = ApartRecipe.Bind,
    };

    public static TheoryData<string> Recipes() => [.. _recipes.Keys];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Processes_train_what_one_trains(string recipe)
    {
        // Twenty steps of the one that needs values of all processes before its gradients.
        var count = recipe == "capped" ? Steps : 6;
        var (expected, values) = Train(1, recipe, steps: count)[0];
        Assert.NotEqual(expected[0].Loss, expected[3].Loss, 1e-3);
        foreach (var size in (int[])[2, 3, 4])
        {
            var ranks = Train(size, recipe, steps: count);
            foreach (var (steps, found) in ranks)
            {
                Assert.Equal(expected.Select(step => step.Tokens), steps.Select(step => step.Tokens));
                foreach (var (one, other) in expected.Zip(steps))
                {
                    Assert.Equal(one.Components.Keys, other.Components.Keys);
                    Assert.All(one.Components, component => Assert.Equal(component.Value, other.Components[component.Key], Math.Max(1, Math.Abs(component.Value)) * (one.Step == 1 ? 1e-6 : 1e-5)));
                }

                Assert.InRange(values.Zip(found).Max(pair => Math.Abs(pair.First - pair.Second)), 0, 1e-5);
                Assert.Equal(ranks[0].Values, found);
            }
        }
    }

    [Fact]
    public void Micro_batches_of_processes_train_what_one_process_does()
    {
        var expected = Train(1, "capped")[0].Steps;
        Assert.All(Train(2, "capped", microBatch: 2), rank => Assert.All(expected.Zip(rank.Steps), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 1e-4)));
    }

    [Fact]
    public void Processes_train_by_Muon_what_one_trains()
    {
        // A few steps: Muon makes whole moves of what is only rounding, where a gradient has fewer directions than its matrix.
        var expected = Train(1, "mixture", steps: 4, optimizer: groups => JigsawOptimizer.Muon(groups, 0.05))[0].Steps;
        Assert.NotEqual(expected[0].Loss, expected[3].Loss, 1e-2);
        foreach (var size in (int[])[2, 3])
        {
            var ranks = Train(size, "mixture", steps: 4, optimizer: groups => JigsawOptimizer.Muon(groups, 0.05));
            Assert.All(ranks, rank => Assert.All(expected.Zip(rank.Steps), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 1e-3)));
            Assert.All(ranks, rank => Assert.Equal(ranks[0].Values, rank.Values));
        }
    }

    [Fact]
    public void A_run_goes_on_with_another_number_of_processes()
    {
        using var folder = new TemporaryFolder();
        var expected = Train(1, "mixture")[0];
        Train(3, "mixture", folder: folder["checkpoints"], steps: 8);
        Assert.Single(Directory.GetDirectories(folder["checkpoints"], "step-*"));
        var resumed = Train(2, "mixture", folder: folder["checkpoints"]);
        Assert.All(resumed, rank => Assert.Equal(Steps - 8, rank.Steps.Count));
        Assert.All(expected.Values.Zip(resumed[0].Values), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Theory]
    [InlineData("batches", "Process 1 of 2 has batches = other, but process 0 has uneven;")]
    [InlineData("rate", "Process 1 of 2 has training option LearningRate = 0.5, but process 0 has 0.002;")]
    [InlineData("values", "Process 1 of 2 has values of ")]
    public void What_differs_is_named_before_the_first_step(string what, string said)
    {
        var exceptions = InThreads(2, group =>
        {
            var odd = group.Rank == 1;
            using var session = new TrainingSession(
                new TrainingOptions { Steps = 2, Processes = group, LearningRate = odd && what == "rate" ? 0.5 : 0.002 },
                batches: new UnevenBatches(odd && what == "batches" ? "other" : "uneven"),
                bind: PartsRecipe.Bind);
            if (odd && what == "values")
            {
                using var grad = TorchSharp.torch.no_grad();
                session.Named().Last().Value.fill_(0.5);
            }

            return Record.Exception(() => session.Run());
        });
        Assert.All(exceptions, exception => Assert.StartsWith(said, Assert.IsType<ProcessGroupException>(exception).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Processes_that_have_drifted_apart_save_nothing()
    {
        var folder = Directory.CreateTempSubdirectory("jigsaw-drift").FullName;
        try
        {
            var exceptions = InThreads(2, group =>
            {
                using var session = new TrainingSession(new TrainingOptions { Steps = 6, Processes = group, CheckpointDirectory = folder, CheckpointEvery = 2 }, batches: new UnevenBatches(), bind: PartsRecipe.Bind);
                return Record.Exception(() => session.Trainer.Run(step =>
                {
                    if (step.Step == 3 && group.Rank == 1)
                    {
                        using var grad = TorchSharp.torch.no_grad();
                        session.Named().Last().Value.add_(0.5);
                    }
                }));
            });
            Assert.All(exceptions, exception => Assert.Matches(@"^After step 4 the norm of \S+ is \S+ in process 1 of 2, but \S+ in process 0: they have applied different gradients\.", Assert.IsType<ProcessGroupException>(exception).Message));
            Assert.Equal(["step-000002"], Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_process_that_ends_ends_all()
    {
        var clock = Stopwatch.StartNew();
        var exceptions = InThreads(3, group =>
        {
            using var session = new TrainingSession(new TrainingOptions { Steps = Steps, Processes = group }, batches: new UnevenBatches(), bind: PartsRecipe.Bind);
            return Record.Exception(() => session.Trainer.Run(step => _ = step.Step == 3 && group.Rank == 1 ? throw new IOException("The disk is full.") : 0));
        });
        Assert.IsType<IOException>(exceptions[1]);
        Assert.Equal("Thread 1 of 3 has ended: The disk is full.", Assert.IsType<ProcessGroupException>(exceptions[0]).Message);
        Assert.IsType<ProcessGroupException>(exceptions[2]);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 60);
    }

    [Fact]
    public void A_process_that_is_stopped_stops_all_after_the_same_step()
    {
        using var stop = new CancellationTokenSource();
        var steps = InThreads(2, group =>
        {
            using var session = new TrainingSession(new TrainingOptions { Steps = Steps, Processes = group }, batches: new UnevenBatches(), bind: PartsRecipe.Bind);
            Assert.Throws<OperationCanceledException>(() => session.Trainer.Run(
                step =>
                {
                    if (group.Rank == 1 && step.Step == 4)
                    {
                        stop.Cancel();
                    }
                },
                group.Rank == 1 ? stop.Token : CancellationToken.None));
            return session.Trainer.StepsDone;
        });
        Assert.Equal([4, 4], steps);
    }

    [Fact]
    public void A_custom_term_on_whole_tensors_is_refused_by_name()
    {
        var exceptions = InThreads(2, group =>
        {
            using var session = new TrainingSession(new TrainingOptions { Steps = 2, Processes = group }, batches: new UnevenBatches(), bind: OwnPartsRecipe.Bind);
            return Record.Exception(() => session.Run());
        });
        Assert.All(exceptions, exception => Assert.Contains("reads whole tensors, of which each process has some rows", Assert.IsType<ProcessGroupException>(exception).Message, StringComparison.Ordinal));
    }

    /// <summary>Trains by plain gradients: AdamW makes whole steps of what is only rounding in a gradient that is nearly 0.</summary>
    private static List<(List<TrainingStep> Steps, float[] Values)> Train(int size, string recipe, int? microBatch = null, string? folder = null, int steps = Steps, Func<IReadOnlyList<ParameterGroup>, TorchSharp.Modules.OptimizerHelper>? optimizer = null) => InThreads(size, group =>
    {
        var evaluation = new TrainingEvaluation { Batches = new UnevenBatches(), Count = 2, Every = folder is null ? Math.Min(steps / 2, 10) : 10 };
        using var session = new TrainingSession(
            new TrainingOptions
            {
                Steps = steps,
                WarmupSteps = 2,
                Decay = LearningRateDecay.Constant,
                LearningRate = 0.05,
                Optimizer = optimizer ?? (groups => JigsawOptimizer.Sgd(groups, 0.05)),
                Processes = group,
                MicroBatch = microBatch,
                CheckpointDirectory = folder,
                Evaluation = evaluation,
            },
            batches: new UnevenBatches(),
            bind: _recipes[recipe]);
        session.Trainer.Resume();
        return (session.Run(), session.Values());
    });

    private static List<T> InThreads<T>(int size, Func<IProcessGroup, T> work)
    {
        var results = new T[size];
        var failures = new List<Exception>();
        var threads = ThreadGroup.Of(size).Select(group => new Thread(() =>
        {
            try
            {
                results[group.Rank] = work(group);
            }
            catch (Exception exception)
            {
                group.Abort(exception.Message);
                lock (failures)
                {
                    failures.Add(exception);
                }
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        return failures.Count == 0 ? [.. results] : throw new AggregateException(failures);
    }
}

#pragma warning disable JIG0045, JIG0048, JIG0049 // These recipes test gradients; they are not for training.

/// <summary>A mutual information whose samples count where a component does, and caps on terms of embeddings.</summary>
[LossRecipe(Alpha = 0.3, DistillationLayer = 0)]
[LossTerm.DistillationL2Distance(1.0)]
[LossTerm.MutualInformation(0.2, CombineNoiseMasks = false)]
[LossTerm.StdLogRatio(0.4)]
[LossTerm.InputEmbeddingSimilarity(0.7)]
[LossTerm.InverseL2PowerLaw(0.05)]
public partial class ApartRecipe;
