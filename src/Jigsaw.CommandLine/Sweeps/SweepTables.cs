using System.Globalization;
using System.Text.Json.Nodes;
using Jigsaw.CommandLine.Output;
using Jigsaw.CommandLine.Reporting;

namespace Jigsaw.CommandLine.Sweeps;

/// <summary>The trials of a sweep, as a table and in lines.</summary>
internal static class SweepTables
{
    /// <summary>All trials, with what differs between them.</summary>
    internal static RunTable Of(IReadOnlyList<Trial> trials, IReadOnlyList<Objective> objectives)
    {
        var names = trials.SelectMany(trial => Flat(trial).Select(option => option.Key)).Distinct().Where(name => trials.Select(trial => Option(trial, name)).Distinct().Count() > 1).ToArray();
        var front = Front(Last(trials), objectives);
        return new RunTable(
            "sweep",
            $"{trials.Count} trials: {string.Join(", ", Enum.GetValues<TrialState>().Select(state => (State: state, Count: trials.Count(trial => trial.State == state))).Where(state => state.Count > 0).Select(state => string.Create(CultureInfo.InvariantCulture, $"{state.Count} {state.State.ToString().ToLowerInvariant()}")))}",
            ["trial", .. names, .. objectives.Select(objective => $"{objective.Name} ({(objective.IsMaximized ? "max" : "min")})"), "front", "starts", "state"],
            [.. trials.Select(trial => (IReadOnlyList<string>)
            [
                trial.Id.ToString(CultureInfo.InvariantCulture),
                .. names.Select(name => Option(trial, name)),
                .. objectives.Select(objective => trial.Values.TryGetValue(objective.Name, out var value) ? Number(value) : "–"),
                front.Contains(trial) ? "yes" : "–",
                trial.Starts.ToString(CultureInfo.InvariantCulture),
                trial.State.ToString().ToLowerInvariant() + (trial.Message.Length > 0 ? $": {trial.Message}" : ""),
            ])]);
    }

    /// <summary>A trial that ended, in a line.</summary>
    internal static string Line(Trial trial, SweepPlan plan)
    {
        var varied = plan.Parameters.Select(parameter => $"{parameter.Name} {Option(trial, parameter.Name)}").Concat(plan.Rungs.Count > 0 ? [$"steps {Option(trial, plan.GoesOn ? "stop-after" : "steps")}"] : []);
        var what = trial.State == TrialState.Failed
            ? $"failed: {trial.Message}"
            : string.Join(", ", plan.Objectives.Select(objective => $"{objective.Name} {(trial.Values.TryGetValue(objective.Name, out var value) ? Number(value) : "–")}"));
        return string.Create(CultureInfo.InvariantCulture, $"Trial {trial.Id} ({string.Join(", ", varied)}): {what} ({trial.Seconds:0} s)");
    }

    /// <summary>The trials that no other beats, of those that are done and have all figures.</summary>
    internal static IReadOnlyList<Trial> Front(IReadOnlyList<Trial> trials, IReadOnlyList<Objective> objectives)
    {
        Trial[] whole = [.. trials.Where(trial => trial.State == TrialState.Done && objectives.All(objective => trial.Values.ContainsKey(objective.Name)))];
        var front = ParetoFront.Of([.. whole.Select(trial => objectives.Select(objective => trial.Values[objective.Name]).ToArray())], [.. objectives.Select(objective => objective.IsMaximized)]);
        return [.. whole.Where((_, index) => front[index])];
    }

    /// <summary>The trials of the last round: those of shorter ones are not compared with them.</summary>
    internal static IReadOnlyList<Trial> Last(IReadOnlyList<Trial> trials) => [.. trials.Where(trial => trial.Rung == trials.Max(other => other.Rung))];

    private static string Option(Trial trial, string name) => Flat(trial).FirstOrDefault(option => option.Key == name).Value ?? "–";

    private static IEnumerable<KeyValuePair<string, string>> Flat(Trial trial) => trial.Options.SelectMany(option => option.Value is JsonObject numbers
        ? numbers.Select(number => KeyValuePair.Create(number.Key, number.Value?.ToString() ?? "–"))
        : [KeyValuePair.Create(option.Key, option.Value is JsonValue value && value.TryGetValue<string>(out var path) ? path.Split('/', '\\')[^1] : option.Value?.ToString() ?? "–")]);

    private static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
