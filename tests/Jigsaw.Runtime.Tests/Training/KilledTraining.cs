using System.Diagnostics;
using System.Globalization;
using Jigsaw.Training;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>Training in processes that are killed, at random moments, and resumed by the next.</summary>
internal sealed class KilledTraining
{
    private const int LongestLife = 250;

    private readonly Random _random;

    private KilledTraining(int seed) => _random = new Random(seed);

    public int Kills { get; private set; }

    /// <summary>Kills that left a checkpoint unfinished.</summary>
    public int WhileWriting { get; private set; }

    /// <summary>Kills after which the newest checkpoint was older than one that had been written.</summary>
    public int Lost { get; private set; }

    /// <summary>Kills after which the newest checkpoint could not be read.</summary>
    public int Broken { get; private set; }

    public int Steps { get; private set; }

    /// <summary>True if the run that was killed so often ended with the numbers of one that never was.</summary>
    public bool IsEqual { get; private set; }

    public override string ToString() =>
        $"{Kills} kills, {WhileWriting} of them while a checkpoint was written: {Lost} checkpoints lost, {Broken} broken; after {Steps} steps the numbers are {(IsEqual ? "those" : "not those")} of a run that was never killed";

    /// <summary>Kills a training run a number of times, then lets it end.</summary>
    public static KilledTraining Run(int kills, int seed)
    {
        using var folder = new TemporaryFolder();
        var training = new KilledTraining(seed);
        while (training.Kills < kills)
        {
            training.Kill(folder.Path);
        }

        training.Steps = Step(folder.Path) + 3;
        using var ended = Session(folder.Path, training.Steps);
        ended.Trainer.Resume();
        ended.Run();
        using var whole = Session(null, training.Steps);
        whole.Run();
        training.IsEqual = ended.Values().SequenceEqual(whole.Values());
        return training;
    }

    /// <summary>The process that is killed: it says each step once its checkpoint is written.</summary>
    public static void Train(string folder)
    {
        using var session = Session(folder, int.MaxValue);
        session.Trainer.Resume();
        session.Trainer.Run(step => Console.WriteLine(step.Step.ToString(CultureInfo.InvariantCulture)));
    }

    private void Kill(string folder)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(KilledTraining).Assembly.Location, "--train", folder]) { RedirectStandardOutput = true };
        start.Environment["OMP_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var first = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The training ended before its first step.");
        Thread.Sleep(_random.Next(LongestLife));
        process.Kill();
        var said = first + "\n" + process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Kills++;

        // The last line may be cut.
        var written = said.Split('\n').SkipLast(1).Append(first).Max(line => int.Parse(line, CultureInfo.InvariantCulture));
        WhileWriting += Directory.EnumerateDirectories(folder, ".unfinished-*").Any() ? 1 : 0;
        Lost += Step(folder) < written ? 1 : 0;
        try
        {
            using var reader = Session(folder, int.MaxValue);
            Broken += reader.Trainer.Resume() ? 0 : 1;
        }
        catch (TrainingCheckpointException)
        {
            Broken++;
        }
    }

    private static int Step(string folder) => new TrainingCheckpoints(folder, new FolderCheckpointFormat()).Newest() is { } newest ? TrainingCheckpoints.StepOf(newest)!.Value : 0;

    private static TrainingSession Session(string? folder, int steps) =>
        new(new TrainingOptions { Steps = steps, Schedule = new LearningRateSchedule(1e-3, 1, 1, 1), CheckpointDirectory = folder, CheckpointEvery = 1 });
}
