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

    /// <summary>The share of a round that trains again in the next one.</summary>
    public double Keep { get; init; } = 0.5;

    /// <summary>The file's content in one form, by which a sweep that goes on is known.</summary>
    public required string Text { get; init; }

    /// <summary>The options of the trials of the first round, numbers of the recipe under <c>hyperparameters</c>, without repetitions.</summary>
    internal IReadOnlyList<JsonObject> FirstTrials()
    {
        var combinations = Search == SweepSearch.Grid
            ? Parameters.Aggregate((IEnumerable<JsonNode[]>)[[]], (combinations, parameter) => combinations.SelectMany(combination => parameter.Grid().Select(value => (JsonNode[])[.. combination, value])))
            : Draws();
        return [.. combinations.Select(values => With(values, Rungs.Count > 0 ? Rungs[0] : null)).DistinctBy(options => options.ToJsonString())];
    }

    /// <summary>The options of a trial for another round.</summary>
    internal JsonObject ForRung(JsonObject options, int rung)
    {
        var changed = options.DeepClone().AsObject();
        changed["steps"] = Rungs[rung];
        return changed;
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

    private JsonObject With(JsonNode[] values, int? steps)
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

        if (steps is { } length)
        {
            options["steps"] = length;
        }

        return options;
    }
}
