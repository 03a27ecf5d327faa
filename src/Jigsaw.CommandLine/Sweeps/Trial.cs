using System.Text.Json.Nodes;

namespace Jigsaw.CommandLine.Sweeps;

/// <summary>A trial of a sweep, as its database keeps it.</summary>
internal sealed record Trial
{
    /// <summary>Its number, from 1.</summary>
    public required int Id { get; init; }

    /// <summary>The round of successive halving, from 0.</summary>
    public int Rung { get; init; }

    /// <summary>The options of the run, under the names of a file of options.</summary>
    public required JsonObject Options { get; init; }

    /// <summary>What became of it.</summary>
    public TrialState State { get; init; }

    /// <summary>Times that it was started, after kills included.</summary>
    public int Starts { get; init; }

    /// <summary>Times that it was killed while the sweep went on.</summary>
    public int Kills { get; init; }

    /// <summary>Why it failed; empty if it didn't.</summary>
    public string Message { get; init; } = "";

    /// <summary>What was measured, by the name of the objective.</summary>
    public IReadOnlyDictionary<string, double> Values { get; init; } = new Dictionary<string, double>();

    /// <summary>The folder of its run.</summary>
    public required string Folder { get; init; }

    /// <summary>The folder of the trial of the round before that it goes on with; null if it begins anew. It follows from the other trials, and the database doesn't keep it.</summary>
    public string? From { get; init; }

    /// <summary>Seconds that its last start took.</summary>
    public double Seconds { get; init; }
}
