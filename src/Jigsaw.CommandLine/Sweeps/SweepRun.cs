using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Jigsaw.CommandLine.Sweeps;

/// <summary>Runs the trials of a sweep, several at a time, and keeps in its database what became of each. A sweep that was killed goes on where it was.</summary>
internal sealed class SweepRun
{
    /// <summary>Kills of one trial after which it is given up.</summary>
    internal const int MostKills = 3;

    private readonly SweepPlan _plan;
    private readonly SweepDatabase _database;
    private readonly ITrialRunner _runner;
    private readonly string _folder;
    private readonly Action<string> _say;
    private readonly Lock _lock = new();

    /// <summary>Sets up a sweep.</summary>
    /// <param name="plan">What it is to do.</param>
    /// <param name="database">Its database.</param>
    /// <param name="runner">Runs a trial.</param>
    /// <param name="folder">The folder of the sweep.</param>
    /// <param name="say">Hears of each trial that ends.</param>
    internal SweepRun(SweepPlan plan, SweepDatabase database, ITrialRunner runner, string folder, Action<string> say) => (_plan, _database, _runner, _folder, _say) = (plan, database, runner, folder, say);

    /// <summary>The shard, from 0, and how many there are.</summary>
    public (int Index, int Count) Shard { get; init; } = (0, 1);

    /// <summary>Trials that run at a time.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Threads of each trial.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>True if trials that failed run again.</summary>
    public bool RunsFailedAgain { get; init; }

    /// <summary>How long to wait for the process that a killed sweep left.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Runs all trials that are not done.</summary>
    /// <param name="cancellation">Asks the trials to stop.</param>
    /// <exception cref="OperationCanceledException">Stopped; what is done is kept.</exception>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        Prepare(0, _plan.FirstTrials());
        for (var rung = 0; ; rung++)
        {
            await RunRungAsync(rung, cancellation).ConfigureAwait(false);
            if (rung + 1 >= _plan.Rungs.Count)
            {
                return;
            }

            Prepare(rung + 1, [.. Best(rung).Select(trial => _plan.ForRung(trial.Options, rung + 1))]);
        }
    }

    /// <summary>The trials of a round that train in the next one, too: the better share of those that are done, by fronts of the objectives, then by the first one.</summary>
    internal IReadOnlyList<Trial> Best(int rung)
    {
        var left = _database.Trials().Where(trial => trial.Rung == rung && trial.State == TrialState.Done && _plan.Objectives.All(objective => trial.Values.ContainsKey(objective.Name))).ToList();
        var (kept, count) = (new List<Trial>(), (int)Math.Ceiling(left.Count * _plan.Keep));
        while (kept.Count < count)
        {
            var front = SweepTables.Front(left, _plan.Objectives);
            var first = _plan.Objectives[0];
            kept.AddRange(front.OrderBy(trial => first.IsMaximized ? -trial.Values[first.Name] : trial.Values[first.Name]).ThenBy(trial => trial.Id));
            left.RemoveAll(front.Contains);
        }

        return [.. kept.Take(count).OrderBy(trial => trial.Id)];
    }

    /// <summary>Writes the trials of a round that the database doesn't have; those that their folders show to be done are.</summary>
    private void Prepare(int rung, IReadOnlyList<JsonObject> options)
    {
        var known = _database.Trials();
        var first = known.Count(trial => trial.Rung < rung);
        var trials = new List<Trial>();
        foreach (var (one, index) in options.Select((one, index) => (one, index)).Where(one => one.index % Shard.Count == Shard.Index))
        {
            var id = first + index + 1;
            var folder = Path.Combine(_folder, "trials", id.ToString("D4", CultureInfo.InvariantCulture));
            var before = known.FirstOrDefault(trial => trial.Id == id);
            if (before is not null && !JsonNode.DeepEquals(before.Options, one))
            {
                throw new ArgumentException($"Trial {id} of the database has other options than the file of the sweep gives it; name another folder with --output.");
            }

            var trial = before ?? new Trial { Id = id, Rung = rung, Options = one, Folder = folder };
            trial = trial with { State = trial.State == TrialState.Running || (trial.State == TrialState.Failed && RunsFailedAgain) ? TrialState.Waiting : trial.State, Message = trial.State == TrialState.Failed && !RunsFailedAgain ? trial.Message : "" };
            if (trial.State == TrialState.Waiting && TrialFile.Read(folder, one) is { } values)
            {
                trial = trial with { State = TrialState.Done, Values = values };
            }

            trials.Add(trial);
        }

        _database.Write(trials);
    }

    private async Task RunRungAsync(int rung, CancellationToken cancellation)
    {
        var trials = _database.Trials();
        var waiting = new Queue<Trial>(trials.Where(trial => trial.Rung == rung && trial.State == TrialState.Waiting).Select(trial => trial with { From = Before(trial, trials)?.Folder }));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] workers = [.. Enumerable.Range(0, Math.Max(1, Math.Min(Workers, waiting.Count))).Select(_ => Task.Run(() => WorkAsync(waiting, stop), CancellationToken.None))];
        await Task.WhenAll(workers).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
    }

    private async Task WorkAsync(Queue<Trial> waiting, CancellationTokenSource stop)
    {
        try
        {
            while (Next(waiting, stop.Token) is { } trial)
            {
                await RunTrialAsync(trial, stop.Token).ConfigureAwait(false);
            }
        }
        catch
        {
            // One worker's end, by a signal or a full disk, is that of all.
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The trial of the round before that one goes on with; null in the first round, and where each round trains from its first step.</summary>
    private Trial? Before(Trial trial, IReadOnlyList<Trial> trials) =>
        _plan.GoesOn && trial.Rung > 0 ? trials.First(other => other.Rung == trial.Rung - 1 && JsonNode.DeepEquals(_plan.ForRung(other.Options, trial.Rung), trial.Options)) : null;

    private Trial? Next(Queue<Trial> waiting, CancellationToken cancellation)
    {
        lock (_lock)
        {
            return !cancellation.IsCancellationRequested && waiting.TryDequeue(out var trial) ? trial : null;
        }
    }

    private async Task RunTrialAsync(Trial trial, CancellationToken cancellation)
    {
        while (trial.State is TrialState.Waiting or TrialState.Running)
        {
            trial = Keep(trial with { State = TrialState.Running, Starts = trial.Starts + 1 });
            var clock = Stopwatch.StartNew();
            TrialEnd end;
            try
            {
                end = await _runner.RunAsync(trial, Threads, cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                Keep(trial with { State = TrialState.Waiting });
                throw;
            }

            trial = Keep(Ended(trial, end) with { Seconds = clock.Elapsed.TotalSeconds });
            if (end.Kind == TrialEnd.Way.Busy)
            {
                await Task.Delay(Patience, cancellation).ConfigureAwait(false);
            }
        }

        _say(SweepTables.Line(trial, _plan));
    }

    private static Trial Ended(Trial trial, TrialEnd end) => end.Kind switch
    {
        TrialEnd.Way.Done => TrialFile.Read(trial.Folder, trial.Options) is { } values
            ? trial with { State = TrialState.Done, Values = values }
            : trial with { State = TrialState.Failed, Message = $"It ended, but {TrialFile.Name} in its folder has no figures; remove the folder, and run the sweep again with --retry." },
        TrialEnd.Way.Failed => trial with { State = TrialState.Failed, Message = end.Message },
        TrialEnd.Way.Busy => trial with { Starts = trial.Starts - 1 },
        _ when trial.Kills + 1 < MostKills => trial with { Kills = trial.Kills + 1 },
        _ => trial with { State = TrialState.Failed, Kills = trial.Kills + 1, Message = $"It was killed {MostKills} times, as when memory runs out; use fewer --workers or a smaller batch, and run the sweep again with --retry." },
    };

    private Trial Keep(Trial trial)
    {
        lock (_lock)
        {
            _database.Write(trial);
        }

        return trial;
    }
}
