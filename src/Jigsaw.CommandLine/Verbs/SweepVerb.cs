using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;
using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Reporting;
using Jigsaw.CommandLine.Running;
using Jigsaw.CommandLine.Sweeps;

namespace Jigsaw.CommandLine.Verbs;

/// <summary><c>sweep</c>, <c>sweep show</c> and <c>sweep merge</c>.</summary>
internal static class SweepVerb
{
    private const string Objectives = "objectives";

    /// <summary>Runs the trials of a sweep's file.</summary>
    /// <param name="context">What the verb runs with.</param>
    /// <param name="options">What the command line tells.</param>
    /// <param name="plan">What the file tells.</param>
    /// <param name="check">Refuses the options of a trial that no run could have.</param>
    internal static int Run(RunContext context, SweepOptions options, SweepPlan plan, Action<JsonObject> check)
    {
        var (index, count) = options.Shard;
        if (plan.Search == SweepSearch.Halving && count > 1)
        {
            throw new UsageException("A sweep by halving can't be divided, by --shard or mpiexec: it compares the trials of a round before the next one begins; use one process, or a grid or random search.");
        }

        foreach (var trial in plan.FirstTrials())
        {
            check(trial);
        }

        var sharing = ProgramProcesses.OnThisMachine(context.Processes);
        var workers = SweepWorkers.Fitting(options.Workers, Math.Max(1, Environment.ProcessorCount / sharing), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / sharing, SweepWorkers.WeightsOf(context.Settings.Model));
        if (workers.Warning.Length > 0)
        {
            context.Output.Say(workers.Warning);
        }

        string Part(int part) => Path.Combine(options.Folder, count == 1 ? SweepDatabase.Name : $"sweep-{part + 1}-of-{count}.db");
        var path = Part(index);
        AtomicFile.RequireWritable(options.Folder);
        Directory.CreateDirectory(options.Folder);
        using var reserved = Reserve(path);
        using var database = SweepDatabase.OpenOrCreate(path, plan.Text);
        database.Tell(Objectives, string.Join(',', plan.Objectives.Select(objective => objective.Name)));
        context.Output.Say($"{plan.FirstTrials().Count} trials{(count == 1 ? "" : $", of which this is part {index + 1} of {count}")}, {workers.Count} at a time with {workers.Threads} threads each, in {options.Folder}");
        var run = new SweepRun(plan, database, new ProcessTrialRunner(plan.Measures), options.Folder, context.Output.Say) { Shard = options.Shard, Workers = workers.Count, Threads = workers.Threads, RunsFailedAgain = options.RunsFailedAgain };
        try
        {
            run.RunAsync(context.Cancellation).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            context.Output.Say("What is done is kept, and what was running has a checkpoint: the same command goes on.");
            context.Processes?.Gather([]);
            throw;
        }

        if (context.Processes is not { } processes)
        {
            return Show(context, database);
        }

        processes.Gather([]);
        return context.IsFirst ? Merge(context, [.. Enumerable.Range(0, count).Select(Part)], options.Folder) : JigsawExitCode.Success;
    }

    /// <summary>Shows the trials of a database.</summary>
    internal static int Show(RunContext context, string path)
    {
        using var database = SweepDatabase.OpenExisting(FileOf(path));
        return Show(context, database);
    }

    /// <summary>Puts the trials of several databases of the same sweep into one.</summary>
    internal static int Merge(RunContext context, IReadOnlyList<string> paths, string? to)
    {
        var files = paths.Select(FileOf).ToArray();
        var merged = new SortedDictionary<int, Trial>();
        string? plan = null, objectives = null;
        foreach (var file in files)
        {
            using var database = SweepDatabase.OpenExisting(file);
            (plan, objectives) = (plan ?? database.About("plan"), objectives ?? database.About(Objectives));
            if (database.About("plan") != plan)
            {
                throw new ArgumentException($"{file} is of another sweep than {files[0]}; merge the parts of one.");
            }

            foreach (var trial in database.Trials())
            {
                // The part that came further tells of a trial that stands in several.
                if (!merged.TryGetValue(trial.Id, out var other) || (other.State != TrialState.Done && (trial.State == TrialState.Done || trial.State == TrialState.Failed)))
                {
                    merged[trial.Id] = trial;
                }
            }
        }

        var target = to is null ? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(files[0]))!, SweepDatabase.Name) : Directory.Exists(to) ? Path.Combine(to, SweepDatabase.Name) : to;
        using var whole = SweepDatabase.OpenOrCreate(target, plan!);
        whole.Tell(Objectives, objectives!);
        whole.Write([.. merged.Values]);
        context.Output.Say($"Merged {files.Length} databases: {target}");
        return Show(context, whole);
    }

    /// <summary>The runs of a sweep that are done, of its last round, with what they are compared by.</summary>
    internal static (IReadOnlyList<string> Folders, IReadOnlyList<Objective> Objectives) Runs(string path)
    {
        using var database = SweepDatabase.OpenExisting(FileOf(path));
        return ([.. SweepTables.Last(database.Trials()).Where(trial => trial.State == TrialState.Done).Select(trial => trial.Folder)], ObjectivesOf(database));
    }

    /// <summary>True if a path is the database of a sweep or a folder with one.</summary>
    internal static bool IsSweep(string path) => path.EndsWith(".db", StringComparison.Ordinal) || File.Exists(Path.Combine(path, SweepDatabase.Name));

    private static int Show(RunContext context, SweepDatabase database)
    {
        var trials = database.Trials();
        if (trials.Count == 0)
        {
            context.Output.Say("There are no trials.");
            return JigsawExitCode.Success;
        }

        context.Output.Show(SweepTables.Of(trials, ObjectivesOf(database)));
        return trials.Any(trial => trial.State != TrialState.Failed) ? JigsawExitCode.Success : JigsawExitCode.Error;
    }

    private static IReadOnlyList<Objective> ObjectivesOf(SweepDatabase database) => [.. database.About(Objectives).Split(',').Select(name => Objective.Of(name, "An objective of the database"))];

    private static string FileOf(string path) => Directory.Exists(path) ? Path.Combine(path, SweepDatabase.Name) : path;

    private static FileStream Reserve(string path)
    {
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new ArgumentException($"{path} is in use by another sweep ({exception.Message.TrimEnd('.')}); wait for it, or divide the sweep with --shard.", exception);
        }
    }
}
