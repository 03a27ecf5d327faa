using System.Text.Json.Nodes;
using Jigsaw.CommandLine.Reporting;

namespace Jigsaw.CommandLine.Sweeps;

/// <summary>What a sweep is to do, as its file tells.</summary>
internal sealed record SweepPlan
{
    /// <summary>How trials are chosen.</summary>
    public required SweepSearch Search { get; init; }

    /// <summary>The options that all trials have.</summary>
    public required JsonObject Options { get; init; }

    /// <summary>What varies.</summary>
    public required IReadOnlyList<SweepParameter> Parameters { get; init; }

    /// <summary>What trials are compared by.</summary>
    public required IReadOnlyList<Objective> Objectives { get; init; }

    /// <summary>The verbs that measure a trained trial: <c>evaluate</c>, <c>attack</c>.</summary>
    public required IReadOnlyList<string> Measures { get; init; }

    /// <summary>Trials that are drawn.</summary>
    public int Trials { get; init; }

    /// <summary>Seed of the draws.</summary>
    public int Seed { get; init; }

    /// <summary>The steps of each round of successive halving, growing; empty otherwise.</summary>
    public IReadOnlyList<int> Rungs { get; init; } = [];

    /// <summary>True if a round of successive halving goes on where the one before ended, on the schedule of the last round's steps; false if each trains from its first step, on the schedule of its own.</summary>
    public bool GoesOn { get; init; }

    /// <summary>The share of a round that trains in the next one, too.</summary>
    public double Keep { get; init; } = 0.5;

    /// <summary>The file's content in one form, by which a sweep that goes on is known.</summary>
    public required string Text { get; init; }

    /// <summary>The options of the trials of the first round, numbers of the recipe under <c>hyperparameters</c>, without repetitions.</summary>
    internal IReadOnlyList<JsonObject> FirstTrials()
    {
        var combinations = Search == SweepSearch.Grid
            ? Parameters.Aggregate((IEnumerable<JsonNode[]>)[[]], (combinations, parameter) => combinations.SelectMany(combination => parameter.Grid().Select(value => (JsonNode[])[.. combination, value])))
            : Draws();
        return [.. combinations.Select(values => WithRung(With(values), 0)).DistinctBy(options => options.ToJsonString())];
    }

    /// <summary>The options of a trial for another round.</summary>
    internal JsonObject ForRung(JsonObject options, int rung) => WithRung(options.DeepClone().AsObject(), rung);

    private JsonObject WithRung(JsonObject options, int rung)
    {
        if (Rungs.Count > 0)
        {
            options["steps"] = Rungs[GoesOn ? ^1 : rung];
            if (GoesOn)
            {
                options["stop-after"] = Rungs[rung];
            }
        }

        return options;
    }

    private IEnumerable<JsonNode[]> Draws()
    {
        // Each trial has its own generator, so more trials leave the first ones as they are.
        for (var i = 0; i < Trials; i++)
        {
            var random = new Random(unchecked((Seed * 1_000_003) + i));
            yield return [.. Parameters.Select(parameter => parameter.Draw(random))];
        }
    }

    private JsonObject With(JsonNode[] values)
    {
        var options = Options.DeepClone().AsObject();
        foreach (var (parameter, value) in Parameters.Zip(values))
        {
            if (parameter.IsOption)
            {
                options[parameter.Name] = value.DeepClone();
                continue;
            }

            if (options["hyperparameters"] is not JsonObject numbers)
            {
                options["hyperparameters"] = numbers = [];
            }

            numbers[parameter.Name] = value.DeepClone();
        }

        return options;
    }
}
