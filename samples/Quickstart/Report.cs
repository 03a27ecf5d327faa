using System.Globalization;
using Jigsaw;
using Jigsaw.Data;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Models;
using Jigsaw.Passes;
using Jigsaw.Training;
using Spectre.Console;

namespace Quickstart;

/// <summary>What the quick start prints.</summary>
internal static class Report
{
    private const int LineEvery = 25;

    public static void Introduce(QuickstartOptions options, CausalLM model, ChatDataset train, ChatDataset evaluation, LossPlan plan)
    {
        AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{options.Model.Name}[/]: {model.LayerCount} layers, {model.EmbeddingTable.shape[1]} features, vocabulary {model.EmbeddingTable.shape[0]}, on {options.Device}");
        AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{train.Examples.Count} chats to train on, {evaluation.Examples.Count} others to evaluate on. A step runs:");
        AnsiConsole.WriteLine(plan.ToString());
    }

    public static void Watch(int steps, Action<Action<TrainingStep>> train)
    {
        if (!AnsiConsole.Profile.Capabilities.Interactive || !AnsiConsole.Profile.Capabilities.Ansi)
        {
            train(step =>
            {
                if (step.Step % LineEvery == 0 || step.Step == 1 || step.Step == steps)
                {
                    AnsiConsole.WriteLine($"step {step.Step,4}/{step.Steps}  {Describe(step)}");
                }
            });
            return;
        }

        TrainingStep? last = null;
        AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .UseRenderHook((bar, _) => last is null ? bar : new Rows(bar, new Text("  " + Describe(last))))
            .Start(context =>
            {
                var task = context.AddTask("training", maxValue: steps);
                train(step =>
                {
                    last = step;
                    task.Value = step.Step;
                    task.Description = $"step {step.Step}/{step.Steps}";
                });
            });
    }

    public static Action<int, double> WatchAttack(int steps)
    {
        AnsiConsole.WriteLine("Fitting an inversion attack that owns the transform …");
        return (step, loss) =>
        {
            if (step == steps)
            {
                AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Attack fitted: {loss:0.00} nats per transformed token on its last batch."));
            }
        };
    }

    public static void Compare(TrialResult before, TrialResult after)
    {
        var table = new Table().Title("On chats that the training has not seen").AddColumn("").AddColumn(new TableColumn("before").RightAligned()).AddColumn(new TableColumn("after").RightAligned());
        void Row(string name, Func<TrialResult, string> value) => table.AddRow(Markup.Escape(name), Markup.Escape(value(before)), Markup.Escape(value(after)));
        Row("student(noisy) agrees with teacher(clean)", result => Percent(result.Agreement[Pass.StudentNoisy]));
        Row("  … KL, nats per token", result => Number(result.Divergence[Pass.StudentNoisy]));
        Row("teacher(noisy) agrees", result => Percent(result.Agreement[Pass.TeacherNoisy]));
        Row("  … KL, nats per token", result => Number(result.Divergence[Pass.TeacherNoisy]));
        Row("student(clean) agrees", result => Percent(result.Agreement[Pass.StudentClean]));
        foreach (var attack in after.Attacks.Select(report => report.Attack))
        {
            string Of(TrialResult result, Func<InversionAttackReport, double> value) => result.Attacks.FirstOrDefault(report => report.Attack == attack) is { } report ? Percent(value(report)) : "–";
            Row($"tokens recovered by the {attack}", result => Of(result, report => report.TokenAccuracy));
            Row("  … among its ten best", result => Of(result, report => report.TopTenAccuracy));
            Row("  … private facts recovered verbatim", result => Of(result, report => report.FactRecall));
        }

        Row("mean σ, in units of the embeddings' spread", result => Number(result.Noise.MeanStd));
        Row("mean ‖μ‖ / ‖x‖", result => Number(result.Noise.MeanShift));
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine("What these attacks recovered is not a bound on what others could.");
    }

    public static void Show(Conversation conversation)
    {
        var table = new Table().Title("One chat").AddColumn("who").AddColumn("sees or says").ShowRowSeparators();
        table.AddRow("the user wrote", Markup.Escape(conversation.Prompt));
        foreach (var (attack, text) in conversation.Recovered)
        {
            table.AddRow(Markup.Escape($"the {attack} recovers"), Markup.Escape(text));
        }

        table.AddRow("teacher, on the prompt", Markup.Escape(conversation.TeacherOnClean));
        table.AddRow("teacher, on the transformed prompt", Markup.Escape(conversation.TeacherOnNoisy));
        table.AddRow("student, on the transformed prompt", Markup.Escape(conversation.StudentOnNoisy));
        AnsiConsole.Write(table);
    }

    public static AttackReport WatchSuite(Func<Action<string, double>, AttackReport> run)
    {
        string? last = null;
        return run((what, share) =>
        {
            // The steps of a trained attack are told by its name alone.
            var name = what.Split(',')[0];
            if (name != last && share < 1)
            {
                AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Attacks: {name} ({share * 100:0} % done) …"));
            }

            last = name;
        });
    }

    public static void Attacks(AttackReport report, string file)
    {
        string[] told =
        [
            "bits per token not in the reply, true prefix given", "tokens", "tokens not in the reply", "untold facts, verbatim", "untold facts, true prefix given", "untold fact among 100, hit@1",
            "naming the fact among 100, at most",
        ];
        var table = new Table().Title("What an attacker reads who owns the transform, and what none can beat").AddColumn("attack").AddColumn("level").AddColumn(new TableColumn("draws").RightAligned()).AddColumn("figure")
            .AddColumn(new TableColumn("value").RightAligned()).AddColumn(new TableColumn("95 %").RightAligned());
        foreach (var (_, cells) in report.Figures.Zip(report.ToTable().Skip(1)).Where(pair => pair.First.Level != "control" && told.Contains(pair.First.Figure)))
        {
            table.AddRow([.. cells.Take(6).Select(Markup.Escape)]);
        }

        AnsiConsole.Write(table);
        foreach (var note in report.Notes.Concat(report.LeftOut.Select(pair => string.Create(CultureInfo.InvariantCulture, $"Left out: {pair.Value} {pair.Key}."))))
        {
            AnsiConsole.WriteLine(note);
        }

        AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"All figures, controls and intervals: {file}");
    }

    public static void Saved(string transform, string adapter)
    {
        AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"Transform saved in {transform}");
        AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"Adapters saved in {adapter}");
    }

    private static string Describe(TrainingStep step)
    {
        var components = string.Join(' ', step.Components
            .Where(component => component.Key != Jigsaw.Losses.ComponentLosses.CompositeKey)
            .Select(component => string.Create(CultureInfo.InvariantCulture, $"{Short(component.Key)} {component.Value:0.###}")));
        return string.Create(CultureInfo.InvariantCulture, $"loss {step.Loss,7:0.000}  {step.TokensPerSecond,5:0} tokens/s  {step.Remaining:m\\:ss} left  {components}");
    }

    private static string Short(string key) => key
        .Replace("jigsaw_", "", StringComparison.Ordinal)
        .Replace("_loss", "", StringComparison.Ordinal)
        .Replace("_penalty", "", StringComparison.Ordinal)
        .Replace("gaussian_mixture_", "", StringComparison.Ordinal);

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");

    private static string Number(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.00}");
}
