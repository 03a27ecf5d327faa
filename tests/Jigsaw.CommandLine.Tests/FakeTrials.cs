using System.Globalization;
using Jigsaw.CommandLine.Sweeps;

namespace Jigsaw.CommandLine.Tests;

/// <summary>Trials that train nothing: their figures follow from their options. One that is killed leaves a file, as a checkpoint, and goes on from it.</summary>
internal sealed class FakeTrials : ITrialRunner
{
    private readonly Lock _lock = new();
    private int _running;

    /// <summary>What becomes of the n-th start, from 1; null lets it end.</summary>
    public Func<int, Trial, TrialEnd?> Fate { get; init; } = (_, _) => null;

    /// <summary>The trials that were begun, by number: not those that went on.</summary>
    public List<int> Begun { get; init; } = [];

    /// <summary>The trials that were finished, by number.</summary>
    public List<int> Finished { get; init; } = [];

    /// <summary>The folder that each trial goes on with, by number.</summary>
    public Dictionary<int, string?> From { get; } = [];

    /// <summary>The most that ran at a time.</summary>
    public int Most { get; private set; }

    /// <summary>Starts so far.</summary>
    public int Starts { get; private set; }

    public async Task<TrialEnd> RunAsync(Trial trial, int threads, CancellationToken cancellation)
    {
        int start;
        lock (_lock)
        {
            start = ++Starts;
            Most = Math.Max(Most, ++_running);
            From[trial.Id] = trial.From;
            Directory.CreateDirectory(trial.Folder);
            var checkpoint = Path.Combine(trial.Folder, "checkpoint");
            if (!File.Exists(checkpoint))
            {
                Begun.Add(trial.Id);
                File.WriteAllText(checkpoint, "");
            }
        }

        try
        {
            await Task.Delay(1, cancellation);
            if (Fate(start, trial) is { } end)
            {
                return end;
            }

            var std = Convert.ToDouble(trial.Options["std-max"]?.ToString() ?? "1", CultureInfo.InvariantCulture);
            TrialFile.Write(trial.Folder, trial.Options, new Dictionary<string, double> { ["agreement"] = 1 - (std / 100) - ((trial.Options["seed"]?.GetValue<int>() ?? 0) / 1000.0), ["nearest-neighbor"] = 1 / std });
            lock (_lock)
            {
                Finished.Add(trial.Id);
            }

            return new TrialEnd(TrialEnd.Way.Done);
        }
        finally
        {
            lock (_lock)
            {
                _running--;
            }
        }
    }
}
