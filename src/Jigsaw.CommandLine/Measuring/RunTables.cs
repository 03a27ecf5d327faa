using System.Globalization;
using Jigsaw.CommandLine.Output;
using Jigsaw.Evaluation.Attacks;

namespace Jigsaw.CommandLine.Measuring;

/// <summary>What was measured, as tables.</summary>
internal static class RunTables
{
    private static readonly string[] _told =
    [
        "bits per token not in the reply, true prefix given", "tokens", "tokens not in the reply", "untold facts, verbatim", "untold facts, true prefix given", "untold fact among 100, hit@1",
        "naming the fact among 100, at most",
    ];

    /// <summary>Results beside each other, each under its name; a column has a dash where its result lacks an attack, or the attack had nothing to recover.</summary>
    internal static RunTable Compare(params IReadOnlyList<(string Name, TrialResult Result)> results)
    {
        var rows = new List<IReadOnlyList<string>>();
        void Row(string name, Func<TrialResult, string> value) => rows.Add([name, .. results.Select(result => value(result.Result))]);
        Row("student(noisy) agrees with teacher(clean)", result => Percent(result.Agreement[Pass.StudentNoisy]));
        Row("  … KL, nats per token", result => Number(result.Divergence[Pass.StudentNoisy]));
        Row("teacher(noisy) agrees", result => Percent(result.Agreement[Pass.TeacherNoisy]));
        Row("  … KL, nats per token", result => Number(result.Divergence[Pass.TeacherNoisy]));
        Row("student(clean) agrees", result => Percent(result.Agreement[Pass.StudentClean]));
        foreach (var attack in results[^1].Result.Attacks.Select(report => report.Attack))
        {
            string Of(TrialResult result, Func<InversionAttackReport, double?> value) => result.Attacks.FirstOrDefault(report => report.Attack == attack) is { } report && value(report) is { } share ? Percent(share) : "–";
            Row($"tokens recovered by the {attack}", result => Of(result, report => report.TokenAccuracy));
            Row("  … among its ten best", result => Of(result, report => report.TopTenAccuracy));
            Row("  … private facts recovered verbatim", result => Of(result, report => report.FactRecall));
        }

        Row("mean σ, in units of the embeddings' spread", result => Number(result.Noise.MeanStd));
        Row("mean ‖μ‖ / ‖x‖", result => Number(result.Noise.MeanShift));
        return new RunTable("evaluation", "On chats that the training has not seen", ["", .. results.Select(result => result.Name)], rows) { Numbers = true };
    }

    /// <summary>One chat, as everybody sees it.</summary>
    internal static RunTable Of(Conversation conversation) => new("chat", "One chat", ["who", "sees or says"],
    [
        ["the user wrote", conversation.Prompt],
        .. conversation.Recovered.Select(recovered => (string[])[$"the {recovered.Attack} recovers", recovered.Text]),
        ["teacher, on the prompt", conversation.TeacherOnClean],
        ["teacher, on the transformed prompt", conversation.TeacherOnNoisy],
        ["student, on the transformed prompt", conversation.StudentOnNoisy],
    ]);

    /// <summary>The figures of the suite that say most.</summary>
    internal static RunTable Of(AttackReport report) => new(
        "attacks",
        "What an attacker reads who owns the transform, and what none can beat",
        ["attack", "level", "draws", "figure", "value", "95 %"],
        [.. report.Figures.Zip(report.ToTable().Skip(1)).Where(pair => pair.First.Level != "control" && _told.Contains(pair.First.Figure)).Select(pair => (IReadOnlyList<string>)[.. pair.Second.Take(6)])]);

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");

    private static string Number(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.00}");
}
