using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.CommandLine.Measuring;
using Jigsaw.CommandLine.Recipes;
using Jigsaw.Losses;

namespace Jigsaw.CommandLine.Reporting;

/// <summary>What a report says of runs.</summary>
internal sealed class RunReport
{
    // How the figures of an evaluation are called, and those of the suite that tell their interval.
    private static readonly (string Key, string Name, string? Figure, bool Share)[] _utility =
    [
        ("student_noisy_agreement", "student(noisy) agrees with teacher(clean)", "student(noisy) agrees with teacher(clean)", true),
        ("student_noisy_kl", "… KL, nats per token", "KL(teacher clean ‖ student noisy), nats per token", false),
        ("teacher_noisy_agreement", "teacher(noisy) agrees", "teacher(noisy) agrees", true),
        ("teacher_noisy_kl", "… KL, nats per token", null, false),
        ("student_clean_agreement", "student(clean) agrees", "student(clean) agrees", true),
        ("mean_std", "mean σ, in units of the embeddings' spread", null, false),
        ("mean_shift", "mean ‖μ‖ / ‖x‖", null, false),
    ];

    // What a checkpoint writes before the name of a number of the recipe.
    private const string Prefix = "hyperparameter ";

    private readonly IReadOnlyList<ProgramRecipe> _recipes;
    private readonly IReadOnlyList<RunRecord> _runs;
    private readonly IReadOnlyList<Objective> _objectives;
    private readonly ReportPlots _plots;
    private readonly List<ReportBlock> _blocks = [];

    private RunReport(IReadOnlyList<RunRecord> runs, IReadOnlyList<ProgramRecipe> recipes, IReadOnlyList<Objective> objectives) =>
        (_runs, _recipes, _objectives, _plots) = (runs, recipes, objectives, new ReportPlots(runs.Count > 6 ? 100 : 300));

    /// <summary>The parts of a report.</summary>
    /// <param name="runs">The runs, at least one.</param>
    /// <param name="recipes">The recipes of the program.</param>
    /// <param name="objectives">What runs are compared by; empty for agreement and what is recovered.</param>
    internal static IReadOnlyList<ReportBlock> Of(IReadOnlyList<RunRecord> runs, IReadOnlyList<ProgramRecipe> recipes, IReadOnlyList<Objective> objectives)
    {
        var report = new RunReport(runs, recipes, objectives.Count > 0 ? objectives : Objective.Best(runs));
        report.Write();
        return report._blocks;
    }

    private static string Anchor(int run) => string.Create(CultureInfo.InvariantCulture, $"run-{run + 1}");

    private void Write()
    {
        _blocks.Add(new ReportBlock.Heading(1, _runs.Count == 1 ? $"Run {_runs[0].Name}" : $"{_runs.Count} runs"));
        if (_runs.Count > 1)
        {
            Compare();
        }

        for (var i = 0; i < _runs.Count; i++)
        {
            Describe(_runs[i], Anchor(i));
        }
    }

    private void Compare()
    {
        var values = _runs.Select(run => _objectives.Select(objective => objective.Read(run)).ToArray()).ToArray();
        int[] whole = [.. Enumerable.Range(0, _runs.Count).Where(run => values[run].All(value => value is not null))];
        var front = ParetoFront.Of([.. whole.Select(run => values[run].Select(value => value!.Value.Value).ToArray())], [.. _objectives.Select(objective => objective.IsMaximized)]);
        var onFront = whole.Where((_, index) => front[index]).ToHashSet();
        var differing = Differing();
        _blocks.Add(new ReportBlock.Table(
            ["run", .. differing, .. _objectives.Select(objective => $"{objective.Name} ({(objective.IsMaximized ? "max" : "min")})"), "front"],
            [.. _runs.Select((run, i) => (IReadOnlyList<string>)[run.Name, .. differing.Select(name => Option(run, name)), .. values[i].Select(Text), onFront.Contains(i) ? "yes" : "–"])])
        {
            NumbersFrom = 1,
            Anchors = [.. _runs.Select((_, i) => Anchor(i))],
        });
        _blocks.Add(new ReportBlock.Notes([.. _objectives.Select(objective => $"{objective.Name}: {objective.Description}."), "A run is on the front if no other is at least as good by all of these and better by one. Intervals are 95 %, by a bootstrap over chats; what has none was measured without."]));
        if (_objectives.Count > 1 && whole.Length > 1)
        {
            var (x, y) = (_objectives[1], _objectives[0]);
            _blocks.Add(new ReportBlock.Figure(
                [_plots.Front(x, y, [.. whole.Select(run => (values[run][1]!.Value.Value, values[run][0]!.Value.Value, _runs[run].Name, Anchor(run), onFront.Contains(run)))])],
                "Privacy and utility: the filled points, joined by the dashed line, are on the front; a point leads to its run."));
        }

        if (whole.Length < _runs.Count)
        {
            _blocks.Add(new ReportBlock.Notes([.. Enumerable.Range(0, _runs.Count).Except(whole).Select(run => $"{_runs[run].Name} lacks {string.Join(" and ", _objectives.Where((_, i) => values[run][i] is null).Select(objective => objective.Name))}, so it is not on the plot.")]));
        }
    }

    /// <summary>The options that runs differ in, numbers of the recipe among them.</summary>
    private string[] Differing()
    {
        string[] names = [.. _runs.SelectMany(run => Options(run).Select(option => option.Key)).Distinct()];
        return [.. names.Where(name => _runs.Select(run => Option(run, name)).Distinct().Count() > 1)];
    }

    /// <summary>An option, or the number of the recipe that a checkpoint keeps.</summary>
    private static string Option(RunRecord run, string name) =>
        Options(run).FirstOrDefault(option => option.Key == name).Value ?? run.Settings.FirstOrDefault(setting => setting.Key == Prefix + name).Value ?? "–";

    private static IEnumerable<KeyValuePair<string, string>> Options(RunRecord run) => (run.Options ?? []).SelectMany(option => option.Value switch
    {
        JsonObject numbers => numbers.Select(number => KeyValuePair.Create(number.Key, number.Value?.ToJsonString() ?? "–")),
        JsonArray several => [KeyValuePair.Create(option.Key, string.Join(", ", several.Select(value => value is JsonValue text && text.TryGetValue<string>(out var path) ? ShortPath(option.Key, path) : value?.ToJsonString())))],
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [KeyValuePair.Create(option.Key, ShortPath(option.Key, value.GetValue<string>()))],
        _ => [KeyValuePair.Create(option.Key, option.Value?.ToJsonString() ?? "–")],
    });

    /// <summary>Paths tell of the machine and its people, so their last name stands for them.</summary>
    private static string ShortPath(string option, string value) =>
        option is "model" or "data" or "eval-data" or "hyperparameters" or "cache" or "warm-start" or "output" or "to" or "config" ? value.TrimEnd('/', '\\').Split('/', '\\')[^1] : value;

    private void Describe(RunRecord run, string anchor)
    {
        _blocks.Add(new ReportBlock.Heading(2, _runs.Count == 1 ? "What it is" : run.Name, anchor));
        if (run.Problems.Count > 0)
        {
            _blocks.Add(new ReportBlock.Notes(run.Problems));
        }

        DescribeRecipe(run);
        DescribeSteps(run);
        DescribeUtility(run);
        DescribeAttacks(run);
        if (run.Chat is { } chat)
        {
            _blocks.Add(new ReportBlock.Heading(3, "One chat"));
            var table = RunTables.Of(chat);
            _blocks.Add(new ReportBlock.Table(table.Columns, table.Rows));
        }

        DescribeOrigin(run);
    }

    private void DescribeRecipe(RunRecord run)
    {
        var name = run.Options?["recipe"]?.ToString();
        if (_recipes.FirstOrDefault(recipe => recipe.Name == name) is not { } recipe)
        {
            _blocks.Add(new ReportBlock.Notes([name is null ? "The recipe is not told." : $"The recipe is '{name}', which this program doesn't have, so its formula and plan are missing: report with the program that trained the run."]));
            return;
        }

        _blocks.Add(new ReportBlock.Heading(3, $"Recipe {recipe.Name}"));
        _blocks.Add(new ReportBlock.Code(Formula(run, recipe)));
        _blocks.Add(new ReportBlock.Paragraph("What a step runs:"));
        _blocks.Add(new ReportBlock.Code(recipe.Members.Plan.ToString()));
    }

    /// <summary>The formula with the numbers that the checkpoint keeps, or those of the recipe where there is none.</summary>
    private static string Formula(RunRecord run, ProgramRecipe recipe)
    {
        var written = recipe.Members.Defaults;
        var kept = run.Settings.Where(setting => setting.Key.StartsWith(Prefix, StringComparison.Ordinal)).ToDictionary(setting => setting.Key[Prefix.Length..], setting => setting.Value);
        var numbers = written.ToDictionary().Where(number => number.Value is double or int && kept.ContainsKey(number.Key))
            .Select(number => (number.Key, Is: double.TryParse(kept[number.Key], NumberStyles.Float, CultureInfo.InvariantCulture, out var value), Value: value)).Where(number => number.Is).ToArray();
        try
        {
            return numbers.Length == 0
                ? written.ToFormula() + "(the numbers in the recipe's attributes: there is no checkpoint that tells those of the run)\n"
                : written.With(numbers.Select(number => KeyValuePair.Create(number.Key, number.Value))).ToFormula();
        }
        catch (ArgumentException exception)
        {
            return written.ToFormula() + $"(the numbers in the recipe's attributes: those of the run can't be used. {exception.Message})\n";
        }
    }

    private void DescribeSteps(RunRecord run)
    {
        if (run.Steps.Count == 0)
        {
            return;
        }

        string[] names = [.. run.Steps.SelectMany(step => step.Values.Keys).Distinct().OrderBy(name => name != ComponentLosses.CompositeKey)];
        var curves = names.Select(name => (Name: name, Points: run.Steps.Where(step => step.Values.ContainsKey(name)).Select(step => ((double)step.Step, step.Values[name])).ToArray())).ToArray();
        _blocks.Add(new ReportBlock.Heading(3, "Training"));
        _blocks.Add(new ReportBlock.Table(
            ["component", "first", "lowest", "highest", "mean of the last tenth"],
            [.. curves.Select(curve => (IReadOnlyList<string>)[curve.Name, Number(curve.Points[0].Item2), Number(curve.Points.Min(point => point.Item2)), Number(curve.Points.Max(point => point.Item2)), Number(curve.Points.TakeLast(Math.Max(1, curve.Points.Length / 10)).Average(point => point.Item2))])])
        {
            NumbersFrom = 1,
        });
        var per = _plots.StepsPerPoint(curves.Max(curve => curve.Points.Length));
        _blocks.Add(new ReportBlock.Figure(
            [.. curves.Select(curve => _plots.Curve(curve.Name, curve.Points))],
            $"The components over {run.Steps.Count} steps and, where the run was evaluated, on held-out chats: raw values before their weights.{(per > 1 ? $" Each point is the mean of up to {per} steps." : "")}"));
    }

    private void DescribeUtility(RunRecord run)
    {
        if (run.Evaluation is not { } evaluation)
        {
            return;
        }

        string Interval(string? figure, bool share) =>
            figure is not null && run.Attacks?.Figures.FirstOrDefault(row => row.Attack == "utility" && row.Figure == figure) is { Low: { } low, High: { } high } row
                ? $"{Cell(row.Value ?? double.NaN, share)} ({Cell(low, share)} to {Cell(high, share)})"
                : "–";
        var rows = new List<IReadOnlyList<string>>();
        foreach (var (key, name, figure, share) in _utility)
        {
            rows.Add([name, evaluation[key] is JsonValue value && value.TryGetValue<double>(out var number) ? Cell(number, share) : "–", Interval(figure, share)]);
        }

        foreach (var attack in (evaluation["attacks"] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            string Share(string key) => attack[key] is JsonValue value && value.TryGetValue<double>(out var number) ? Cell(number, share: true) : "–";
            rows.Add([$"tokens recovered by the {attack["attack"]}", Share("tokens"), "–"]);
            rows.Add(["… among its ten best", Share("ten_best"), "–"]);
            rows.Add(["… private facts recovered verbatim", Share("facts"), "–"]);
        }

        foreach (var (key, value) in evaluation.Where(figure => figure.Key is not ("attacks" or "chats") && _utility.All(known => known.Key != figure.Key)))
        {
            rows.Add([key, value?.ToJsonString() ?? "–", "–"]);
        }

        _blocks.Add(new ReportBlock.Heading(3, $"Utility, on {evaluation["chats"]?.ToJsonString() ?? "?"} chats that the training has not seen"));
        _blocks.Add(new ReportBlock.Table(["", "evaluation", "in the suite (95 %)"], rows) { NumbersFrom = 1 });
    }

    private void DescribeAttacks(RunRecord run)
    {
        if (run.Attacks is not { } report)
        {
            return;
        }

        _blocks.Add(new ReportBlock.Heading(3, string.Create(CultureInfo.InvariantCulture, $"Attacks, on {report.Chats} chats with {report.Tokens} transformed tokens")));
        var most = RunTables.Of(report);
        _blocks.Add(new ReportBlock.Paragraph("What an attacker recovers who owns the transform, and what none can beat. Intervals are 95 %, by a bootstrap over chats. What these attacks recovered is not a bound on what others could."));
        _blocks.Add(new ReportBlock.Table(most.Columns, most.Rows) { NumbersFrom = 4 });
        var all = report.ToTable();
        _blocks.Add(new ReportBlock.Folded($"All {report.Figures.Count} figures, controls and floors among them",
        [
            new ReportBlock.Table(all[0], [.. all.Skip(1)]) { NumbersFrom = 4 },
            new ReportBlock.Notes([.. report.Notes, .. report.LeftOut.Select(left => string.Create(CultureInfo.InvariantCulture, $"Left out: {left.Value} {left.Key}."))]),
        ]));
    }

    private void DescribeOrigin(RunRecord run)
    {
        _blocks.Add(new ReportBlock.Heading(3, "Where it comes from"));
        if (run.Options is not null)
        {
            _blocks.Add(new ReportBlock.Paragraph($"To repeat it, with the program that trained it, beside the folder {run.Name}:"));
            _blocks.Add(new ReportBlock.Code($"dotnet run -c Release -- train --config {Quoted($"{run.Name}/run.json")} --output {Quoted($"{run.Name}-again")}\ndotnet run -c Release -- evaluate --output {Quoted($"{run.Name}-again")}\ndotnet run -c Release -- attack --output {Quoted($"{run.Name}-again")}\n"));
        }

        var folded = new List<ReportBlock>();
        void Add(string what, IEnumerable<KeyValuePair<string, string>> rows)
        {
            IReadOnlyList<string>[] cells = [.. rows.Select(row => (IReadOnlyList<string>)[row.Key, row.Value])];
            if (cells.Length > 0)
            {
                folded.Add(new ReportBlock.Table([what, ""], cells));
            }
        }

        Add("version of", (run.Versions ?? []).Select(version => KeyValuePair.Create(version.Key, version.Value?.ToString() ?? "–")));
        Add("SHA-256 of", run.Hashes);
        Add("option", Options(run));
        Add("what the checkpoint keeps", run.Settings);
        if (folded.Count > 0)
        {
            _blocks.Add(new ReportBlock.Folded("Versions, hashes, options and numbers", folded));
        }
    }

    private static string Quoted(string path) => path.All(letter => char.IsAsciiLetterOrDigit(letter) || "/._-".Contains(letter, StringComparison.Ordinal)) ? path : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Cell(double value, bool share) => share ? string.Create(CultureInfo.InvariantCulture, $"{value * 100:0.0} %") : string.Create(CultureInfo.InvariantCulture, $"{value:0.00}");

    private static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    private static string Text((double Value, double? Low, double? High)? value) => value switch
    {
        null => "–",
        { Low: { } low, High: { } high } of => $"{Number(of.Value)} ({Number(low)} to {Number(high)})",
        { } of => Number(of.Value),
    };
}
