using Jigsaw.Steps;
using Jigsaw.Training;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>Training in a process whose other threads allocate, as a logger, a web server or a data loader does: every collection that they cause finalizes what a native call may still read.</summary>
internal static class BusyProcess
{
    private const int Allocating = 2;

    private static readonly Func<NoisyTeacher, NoisyStudent, BoundLoss>[] _recipes =
    [
        (teacher, student) => TrajectoryRecipe.Bind(teacher, student),
        (teacher, student) => BoundsRecipe.Bind(teacher, student),
        (teacher, student) => AlphaRecipe.Bind(teacher, student),
        (teacher, student) => FilteredRecipe.Bind(teacher, student),
    ];

    /// <summary>Trains a tiny model, with a recipe for each kind of kernel, and writes and reads checkpoints.</summary>
    /// <param name="runs">How many runs.</param>
    /// <param name="steps">Steps of each.</param>
    /// <returns>What went wrong, run by run.</returns>
    public static IReadOnlyList<string> Train(int runs, int steps)
    {
        using var ended = new CancellationTokenSource();
        var threads = Enumerable.Range(0, Allocating).Select(_ => new Thread(() => Allocate(ended.Token))).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        var failures = new List<string>();
        for (var run = 0; run < runs; run++)
        {
            var recipe = _recipes[run % _recipes.Length];
            try
            {
                using var folder = new TemporaryFolder();
                var options = new TrainingOptions { Steps = steps, WarmupSteps = 2, CheckpointDirectory = folder.Path, CheckpointEvery = Math.Max(1, steps / 4) };
                using (var session = new TrainingSession(options, bind: recipe))
                {
                    session.Run();
                }

                using var resumed = new TrainingSession(options, bind: recipe);
                resumed.Trainer.Resume();
            }
            catch (Exception exception)
            {
                failures.Add($"run {run}: {exception}");
            }
        }

        ended.Cancel();
        foreach (var thread in threads)
        {
            thread.Join();
        }

        return failures;
    }

    private static void Allocate(CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            GC.KeepAlive(new byte[20000]);
        }
    }
}
