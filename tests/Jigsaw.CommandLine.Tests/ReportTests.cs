using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Jigsaw.CommandLine.Reporting;
using Jigsaw.CommandLine.Running;
using Jigsaw.Training;

namespace Jigsaw.CommandLine.Tests;

public sealed class ReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jigsaw-report").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_report_has_formula_plan_curves_every_figure_with_its_interval_versions_hashes_and_the_command_to_repeat()
    {
        WrittenRun.Write(Run("a"));
        var page = await Html("a");
        var text = page.Root!.Value;
        Assert.Contains("composite_loss =   1   · jigsaw_ce_performance_loss", text, StringComparison.Ordinal);
        Assert.Matches(@"− 0\.5 +· jigsaw_ce_protection_loss +loss mask; capped at 10", text);
        Assert.Contains(TinyRecipe.Plan.ToString().TrimEnd(), text, StringComparison.Ordinal);
        Assert.Equal(["composite_loss", "jigsaw_ce_performance_loss", "gradient_norm", "learning_rate"], page.Descendants("svg").Select(svg => (string?)svg.Attribute("aria-label")));

        var rows = Rows(page);
        Assert.Contains("student(noisy) agrees with teacher(clean)|90.0 %|90.0 % (86.0 % to 94.0 %)", rows);
        Assert.Contains("… private facts recovered verbatim|43.8 %|–", rows);
        Assert.Contains("exact likelihood attack|K4|1|bits per token not in the reply, true prefix given|0.50|0.25 to 0.75", rows);
        Assert.Contains("control x̃ = x: nearest neighbor|control|1|tokens|100.0 %|–|123", rows);
        Assert.Contains("jigsaw|0.1.0+abc", rows);
        Assert.Contains("batches|40 chats (abcdef)", rows);
        Assert.Contains(rows, row => Regex.IsMatch(row, @"^adapter/adapter_model\.safetensors\|[0-9a-f]{64}$"));
        Assert.Contains("train --config a/run.json --output a-again", text, StringComparison.Ordinal);
        Assert.Contains("Left out: 3 facts within a word.", text, StringComparison.Ordinal);
        foreach (var (name, figure) in JsonNode.Parse(File.ReadAllText(Path.Combine(Run("a"), "evaluation.json")))!.AsObject().Where(figure => figure.Key is not ("chats" or "attacks")))
        {
            var value = (double)figure!;
            Assert.True(rows.Any(row => row.Contains(Invariant($"|{value * 100:0.0} %|"), StringComparison.Ordinal) || row.Contains(Invariant($"|{value:0.00}|"), StringComparison.Ordinal)), name);
        }
    }

    [Fact]
    public async Task A_report_loads_nothing_tells_no_path_of_the_machine_and_is_the_same_every_time()
    {
        WrittenRun.Write(Run("a"));
        var first = await Text("report", Run("a"), "--output", Path.Combine(_folder, "one.html"));
        Assert.Equal(first, await Text("report", Run("a"), "--output", Path.Combine(_folder, "two.html")));
        Assert.DoesNotContain("://", first, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"<script|<img|<link|@import|url\((?!#)", first);
        Assert.DoesNotContain("/home/ada", first, StringComparison.Ordinal);
        Assert.Contains("train.jsonl, more.parquet", first, StringComparison.Ordinal);
        Assert.DoesNotMatch("(fill|stroke)[:=]\"?(black|rgb|#)", first);
        Assert.All((string[])["prefers-color-scheme: dark", "@media print", "width=device-width", "default-src 'none'"], part => Assert.Contains(part, first, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--quiet")]
    [InlineData("--markdown")]
    public async Task A_chat_is_shown_only_where_it_is_asked_for(string option)
    {
        WrittenRun.Write(Run("a"));
        Assert.DoesNotContain("Lovelace", await Text("report", Run("a"), option, "--output", Path.Combine(_folder, "without")), StringComparison.Ordinal);
        var shown = await Text("report", Run("a"), option, "--chat", "--output", Path.Combine(_folder, "with"));
        Assert.Contains("Ada Lovelace", shown, StringComparison.Ordinal);
        Assert.Contains("Wo &lt;ist&gt; it", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_runs_are_compared_and_the_points_of_the_plot_lead_to_them()
    {
        WrittenRun.Write(Run("a"), agreement: 0.9, bits: 0.5);
        WrittenRun.Write(Run("b"), agreement: 0.8, bits: 0.25);
        WrittenRun.Write(Run("c"), agreement: 0.7, bits: 0.75);
        var page = await Html("a", "b", "c");
        Assert.Contains("a|0.5|0.9 (0.86 to 0.94)|0.5 (0.25 to 0.75)|yes", Rows(page));
        Assert.Contains("c|0.75|0.7 (0.66 to 0.74)|0.75 (0.5 to 1)|–", Rows(page));
        var points = page.Descendants("svg").First().Descendants("a").ToArray();
        Assert.Equal(["#run-1 on", "#run-2 on", "#run-3 off"], points.Select(point => $"{(string?)point.Attribute("href")} {(string?)point.Element("circle")!.Attribute("class")}"));
        Assert.All(points, point => Assert.Contains(page.Descendants("h2"), heading => "#" + (string?)heading.Attribute("id") == (string?)point.Attribute("href")));
        var ids = page.Descendants().Attributes("id").Select(id => id.Value).ToArray();
        Assert.Equal(ids.Distinct(), ids);

        var markdown = await Text("report", Run("a"), Run("b"), "--markdown", "--output", Path.Combine(_folder, "r.md"));
        Assert.Contains("| [a](#run-1) | 0.5 | 0.9 (0.86 to 0.94) | 0.5 (0.25 to 0.75) | yes |", markdown, StringComparison.Ordinal);
        Assert.DoesNotContain("<svg", markdown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_run_lacks_is_a_sentence_in_the_report_and_on_standard_error()
    {
        WrittenRun.Write(Run("a"));
        File.Delete(Path.Combine(Run("a"), "evaluation.json"));
        File.WriteAllText(Path.Combine(Run("a"), "attacks.json"), """{ "figures": [{ "attack": 3""");
        File.WriteAllText(Path.Combine(Run("a"), "versions.json"), "[]");
        File.AppendAllText(Path.Combine(Run("a"), "steps.jsonl"), "{\"step\":9,\"comp");
        Directory.Delete(Path.Combine(Run("a"), "checkpoints"), recursive: true);
        Directory.Delete(Path.Combine(Run("a"), "transform"), recursive: true);
        var (code, output, error) = await ProgramRun.Run("report", Run("a"));
        Assert.True(code == 0, output + error);
        var lines = error.TrimEnd('\n').Split('\n');
        Assert.Equal(6, lines.Length);
        var report = Parse(Path.Combine(Run("a"), "report.html"));
        Assert.All(lines, line => Assert.Contains(line[(Run("a").Length + 2)..].Trim(), report.Root!.Value, StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith("evaluation.json is missing: run the verb evaluate on the run.", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("attacks.json is damaged (", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("steps.jsonl is damaged at line 9: ", StringComparison.Ordinal));
        Assert.Contains("the numbers in the recipe's attributes", report.Root!.Value, StringComparison.Ordinal);
        Assert.Equal(4, report.Descendants("svg").Count());
    }

    [Theory]
    [InlineData("attacks.json", """{ "figures": [null] }""", "a figure is missing, or of another kind")]
    [InlineData("attacks.json", """{ "figures": [], "notes": [null] }""", "a note is missing, or of another kind")]
    [InlineData("attacks.json", """{ "figures": [], "left_out": { "x": null } }""", "x is missing, or of another kind")]
    [InlineData("evaluation.json", """{ "chats": 1, "chats": 2 }""", "'chats'")]
    [InlineData("evaluation.json", "{ \"\\ud800\": 1 }", "line 1, column 3: a text or a name that is not Unicode")]
    [InlineData("checkpoints/step-000008/training.json", "{}", "'Settings' is missing, or of another kind")]
    public async Task What_is_damaged_in_a_run_is_a_sentence_and_the_rest_is_reported(string file, string text, string said)
    {
        WrittenRun.Write(Run("a"));
        File.WriteAllText(Path.Combine(Run("a"), file), text);
        var (code, output, error) = await ProgramRun.Run("report", Run("a"));
        Assert.True(code == 0, output + error);
        var line = Assert.Single(error.TrimEnd('\n').Split('\n'));
        Assert.Contains($"{file} is damaged (", line, StringComparison.Ordinal);
        Assert.Contains(said, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_are_text_whatever_is_in_them()
    {
        WrittenRun.Write(Run("<script>alert('x')</script>"), recipe: "<script>&\u0001");
        var page = await Html("<script>alert('x')</script>");
        Assert.Empty(page.Descendants("script"));
        Assert.Contains("The recipe is '<script>&\uFFFD', which this program doesn't have", page.Root!.Value, StringComparison.Ordinal);
        var markdown = await Text("report", Run("<script>alert('x')</script>"), "--markdown", "--output", Path.Combine(_folder, "r.md"));
        Assert.DoesNotContain("<script", markdown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_report_replaces_a_report_and_no_other_file(bool markdown)
    {
        WrittenRun.Write(Run("a"));
        var file = Path.Combine(_folder, "page");
        string[] arguments = [.. markdown ? (string[])["report", Run("a"), "--markdown"] : ["report", Run("a")], "--output", file];
        var written = await Text(arguments);
        Assert.Equal(written, await Text(arguments));

        File.WriteAllText(file, "{ \"steps\": 3 }");
        var (code, _, error) = await ProgramRun.Run(arguments);
        Assert.Equal((JigsawExitCode.Usage, $"error: --output is {file}, which is there and is no report; name another file, or remove it."), (code, error.Trim()));
        Assert.Equal("{ \"steps\": 3 }", File.ReadAllText(file));
    }

    [Fact]
    public async Task A_folder_without_a_run_gets_a_sentence()
    {
        var (code, output, error) = await ProgramRun.Run("report", _folder);
        Assert.Equal((JigsawExitCode.Error, ""), (code, output));
        Assert.StartsWith($"error: {_folder} is not the folder of a run: it has none of run.json, ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_of_steps_survives_a_kill_without_a_step_that_stands_twice()
    {
        var path = Path.Combine(_folder, "steps.jsonl");
        using (var log = new StepLog(path, 0))
        {
            foreach (var step in Enumerable.Range(1, 5))
            {
                log.Add(Step(step, step == 2 ? double.NaN : 1));
            }
        }

        File.AppendAllText(path, "{\"step\":6,\"com");
        using (var log = new StepLog(path, 3))
        {
            log.Add(Step(4, 2));
        }

        Assert.Equal([1, 2, 3, 4], File.ReadLines(path).Select(line => (int)JsonNode.Parse(line)!["step"]!));
        Assert.Null(JsonNode.Parse(File.ReadLines(path).ElementAt(1))!["gradient_norm"]);
        using (var log = new StepLog(path, 0))
        {
            Assert.Equal(4, File.ReadLines(path).Count());
            log.Add(Step(1, 1));
        }

        Assert.Single(File.ReadLines(path));
    }

    [Fact]
    public void A_point_is_on_the_front_if_no_other_is_at_least_as_good_and_somewhere_better()
    {
        double[][] points = [[1, 5], [2, 5], [3, 9], [2, 5], [0, 1]];
        Assert.Equal([false, true, true, true, true], ParetoFront.Of(points, [true, false]));
    }

    [ChromiumFact]
    public void A_phone_of_390_pixels_scrolls_nothing_but_tables_and_a_tap_on_a_point_finds_its_run()
    {
        WrittenRun.Write(Run("a"), agreement: 0.9, bits: 0.5);
        WrittenRun.Write(Run("b"), agreement: 0.8, bits: 0.25);
        var page = HtmlReport.Of(RunReport.Of([RunReader.Read(Run("a"), chat: true), RunReader.Read(Run("b"), chat: true)], ProgramRun.Program().Recipes, []));
        var seen = ChromiumFactAttribute.Look(_folder, page, """
            document.querySelectorAll('details').forEach(one => one.open = true);
            const wide = [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.scroll') && !one.closest('pre') && !one.closest('svg'));
            const point = document.querySelectorAll('svg a')[1];
            const at = point.getBoundingClientRect();
            const hit = document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2).closest('a');
            return [innerWidth, document.documentElement.scrollWidth <= innerWidth, wide.map(one => one.tagName).join(), hit.getAttribute('href'), document.querySelector(hit.getAttribute('href')).textContent, getComputedStyle(document.body).backgroundColor].join('|');
            """);
        Assert.Equal("390|true||#run-2|b|rgb(255, 255, 255)", seen);
    }

    private static TrainingStep Step(int step, double norm) => new()
    {
        Step = step, Steps = 9, Components = new Dictionary<string, double> { ["composite_loss"] = norm }, GradientNorm = norm, LearningRate = 0.1, Tokens = 3, TokensPerSecond = 2, Elapsed = TimeSpan.FromSeconds(1), Remaining = TimeSpan.Zero,
    };

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private static string[] Rows(XDocument page) => [.. page.Descendants("tr").Select(row => string.Join('|', row.Elements().Select(cell => cell.Value)))];

    private static XDocument Parse(string file)
    {
        using var reader = XmlReader.Create(file, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader, LoadOptions.PreserveWhitespace);
    }

    private async Task<XDocument> Html(params string[] runs)
    {
        var file = Path.Combine(_folder, "page.html");
        await Text(["report", .. runs.Select(Run), "--output", file]);
        return Parse(file);
    }

    /// <summary>Runs a command whose last argument is the file that it writes, and returns the file.</summary>
    private static async Task<string> Text(params string[] arguments)
    {
        var (code, output, error) = await ProgramRun.Run(arguments);
        Assert.True(code == 0 && error.Length == 0, output + error);
        return File.ReadAllText(arguments[^1]);
    }

    private string Run(string name) => Path.Combine(_folder, name);
}
