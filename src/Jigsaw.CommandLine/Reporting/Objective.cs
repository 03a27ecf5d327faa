using System.Text.Json.Nodes;
using Jigsaw.CommandLine.Options;
using Jigsaw.Losses;

namespace Jigsaw.CommandLine.Reporting;

/// <summary>A figure of a run that runs are compared by.</summary>
/// <param name="Name">What files and tables call it.</param>
/// <param name="IsMaximized">True if it is to be large.</param>
/// <param name="Description">What it is.</param>
/// <param name="Read">Its value and 95 % interval; null where the run lacks it.</param>
internal sealed record Objective(string Name, bool IsMaximized, string Description, Func<RunRecord, (double Value, double? Low, double? High)?> Read)
{
    private const string Exact = "exact likelihood attack";

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<Objective> All { get; } =
    [
        new("agreement", true, "student(noisy) agrees with teacher(clean)", run => Figure(run, "utility", "student(noisy) agrees with teacher(clean)") ?? Evaluated(run, "student_noisy_agreement")),
        new("kl", false, "KL(teacher clean ‖ student noisy), nats per token", run => Figure(run, "utility", "KL(teacher clean ‖ student noisy), nats per token") ?? Evaluated(run, "student_noisy_kl")),
        new("teacher-agreement", false, "teacher(noisy) agrees with teacher(clean)", run => Figure(run, "utility", "teacher(noisy) agrees") ?? Evaluated(run, "teacher_noisy_agreement")),
        new("clean-agreement", false, "student(clean) agrees with teacher(clean)", run => Figure(run, "utility", "student(clean) agrees") ?? Evaluated(run, "student_clean_agreement")),
        new("bits", false, "bits per token not in the reply that x̃ tells, exact likelihood attack", run => Figure(run, Exact, "bits per token not in the reply, true prefix given")),
        new("untold-facts", false, "untold facts recovered, exact likelihood attack with the true prefix", run => Figure(run, Exact, "untold facts, true prefix given")),
        new("bound", false, "naming the fact among 100: no attacker can more often", run => Figure(run, "bound over all attackers", "naming the fact among 100, at most")),
        new("nearest-neighbor", false, "tokens recovered by the nearest neighbor", Nearest),
        new("loss", false, "composite loss, mean over the last tenth of the steps", Loss),
    ];

    /// <summary>The objective of a name.</summary>
    /// <exception cref="UsageException">There is none: the message offers the nearest.</exception>
    internal static Objective Of(string name, string where) =>
        All.FirstOrDefault(objective => objective.Name == name)
        ?? throw new UsageException($"{where} is '{NearestName.Shown(name)}'; use {string.Join(", ", All.Select(objective => objective.Name))}.{NearestName.Question(name, All.Select(objective => objective.Name))}");

    /// <summary>Utility and privacy as far as the runs tell: agreement, and the strongest figure of what is recovered that all of them have, or most.</summary>
    internal static IReadOnlyList<Objective> Best(IReadOnlyList<RunRecord> runs)
    {
        var privacy = ((string[])["bits", "untold-facts", "bound", "nearest-neighbor", "kl"]).Select(name => Of(name, "objective")).MaxBy(objective => runs.Count(run => objective.Read(run) is not null))!;
        return [Of("agreement", "objective"), privacy];
    }

    private static (double, double?, double?)? Figure(RunRecord run, string attack, string figure) =>
        run.Attacks?.Figures.FirstOrDefault(row => row.Attack == attack && row.Figure == figure && row.Draws == 1) is { Value: { } value } found ? (value, found.Low, found.High) : null;

    private static (double, double?, double?)? Evaluated(RunRecord run, string name) => Number(run.Evaluation?[name]);

    private static (double, double?, double?)? Nearest(RunRecord run) =>
        Number((run.Evaluation?["attacks"] as JsonArray)?.OfType<JsonObject>().FirstOrDefault(attack => attack["attack"]?.ToString().Contains("nearest neighbor", StringComparison.Ordinal) == true)?["tokens"]);

    private static (double, double?, double?)? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<double>(out var number) ? (number, null, null) : null;

    private static (double, double?, double?)? Loss(RunRecord run)
    {
        double[] losses = [.. run.Steps.Select(step => step.Values.TryGetValue(ComponentLosses.CompositeKey, out var loss) ? loss : double.NaN).Where(double.IsFinite)];
        return losses.Length == 0 ? null : (losses.TakeLast(Math.Max(1, losses.Length / 10)).Average(), null, null);
    }
}
