using System.Text.Json.Nodes;
using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Sweeps;
using Microsoft.Data.Sqlite;

namespace Jigsaw.CommandLine.Tests;

public sealed class SweepTests : IDisposable
{
    private const string Twelve = """{ "parameters": { "std-max": [1, 2, 3, 4], "seed": [0, 1, 2] }, "objectives": ["agreement", "nearest-neighbor"] }""";

    private readonly string _folder = Directory.CreateTempSubdirectory("jigsaw-sweep").FullName;

    private string Database => Path.Combine(_folder, "sweep.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_grid_has_every_combination_and_draws_are_the_same_every_time()
    {
        var grid = Plan("""{ "options": { "steps": 5 }, "parameters": { "std-max": { "from": 1, "to": 100, "scale": "log", "count": 3 }, "jigsaw_ce_protection_loss_weight": [0.1, 0.2] }, "objectives": ["agreement"] }""").FirstTrials();
        Assert.Equal(
            [(1.0, 0.1), (1, 0.2), (10, 0.1), (10, 0.2), (100, 0.1), (100, 0.2)],
            grid.Select(trial => ((double)trial["std-max"]!, (double)trial["hyperparameters"]!["jigsaw_ce_protection_loss_weight"]!)));
        Assert.All(grid, trial => Assert.Equal(5, (int)trial["steps"]!));

        const string Drawn = """{ "search": "random", "trials": 20, "seed": SEED, "parameters": { "rank": { "from": 1, "to": 4, "whole": true }, "learning-rate": { "from": 0.0001, "to": 0.01, "scale": "log" } }, "objectives": ["loss"] }""";
        string[] one = [.. Plan(Drawn.Replace("SEED", "1", StringComparison.Ordinal)).FirstTrials().Select(trial => trial.ToJsonString())];
        Assert.Equal(20, one.Distinct().Count());
        Assert.Equal(one, Plan(Drawn.Replace("SEED", "1", StringComparison.Ordinal)).FirstTrials().Select(trial => trial.ToJsonString()));
        Assert.NotEqual(one, Plan(Drawn.Replace("SEED", "2", StringComparison.Ordinal)).FirstTrials().Select(trial => trial.ToJsonString()));
        Assert.All(one, trial => Assert.InRange((double)JsonNode.Parse(trial)!["learning-rate"]!, 0.0001, 0.01));
        Assert.Equal([1, 2, 3, 4], one.Select(trial => (int)JsonNode.Parse(trial)!["rank"]!).Distinct().Order());
    }

    [Fact]
    public async Task Twelve_trials_that_are_killed_with_their_sweep_twice_end_with_none_lost_and_none_run_twice()
    {
        var plan = Plan(Twelve);
        var trials = new FakeTrials { Fate = (start, trial) => trial.Id == 5 && start == 6 ? new TrialEnd(TrialEnd.Way.Killed) : start is 4 or 9 ? throw new TimeoutException("kill -9 of the sweep") : null };
        await Assert.ThrowsAsync<TimeoutException>(() => Sweep(plan, trials, workers: 2));
        await Assert.ThrowsAsync<TimeoutException>(() => Sweep(plan, trials, workers: 2));
        Assert.True(trials.Finished.Count is > 4 and < 10);
        await Sweep(plan, trials, workers: 2);
        Assert.Equal(Enumerable.Range(1, 12), trials.Finished.Order());
        Assert.Equal(Enumerable.Range(1, 12), trials.Begun.Order());
        Assert.Equal(2, trials.Most);
        Assert.All(Trials(plan), trial => Assert.Equal(TrialState.Done, trial.State));

        var starts = trials.Starts;
        await Sweep(plan, trials, workers: 2);
        Assert.Equal(starts, trials.Starts);
    }

    [Fact]
    public async Task A_database_as_a_kill_leaves_it_opens_and_a_lost_one_is_made_again_from_the_folders()
    {
        var plan = Plan(Twelve);
        var copy = Path.Combine(_folder, "copy");
        Directory.CreateDirectory(copy);
        await Sweep(plan, new FakeTrials
        {
            Fate = (start, _) =>
            {
                // While the database is open, its log holds what is committed, as after a kill.
                foreach (var file in start == 8 ? Directory.GetFiles(_folder, "sweep.db*") : [])
                {
                    File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
                }

                return null;
            },
        });
        using (var database = SweepDatabase.OpenExisting(Path.Combine(copy, "sweep.db")))
        {
            Assert.Equal(7, database.Trials().Count(trial => trial.State == TrialState.Done));
            Assert.Equal(1, database.Trials().Count(trial => trial.State == TrialState.Running));
        }

        foreach (var file in Directory.GetFiles(_folder, "sweep.db*"))
        {
            File.WriteAllText(file, "torn");
        }

        var exception = await Assert.ThrowsAsync<ArgumentException>(() => Sweep(plan, new FakeTrials()));
        Assert.StartsWith($"{Database} can't be used as the database of a sweep (", exception.Message, StringComparison.Ordinal);
        Assert.EndsWith("move it away and run the sweep again: trials that are finished are taken from their folders.", exception.Message, StringComparison.Ordinal);
        Array.ForEach(Directory.GetFiles(_folder, "sweep.db*"), File.Delete);
        var again = new FakeTrials();
        await Sweep(plan, again);
        Assert.Equal(0, again.Starts);
        Assert.Equal(12, Trials(plan).Count(trial => trial.State == TrialState.Done));
    }

    [Fact]
    public async Task A_failing_trial_is_a_row_with_its_sentence_and_one_that_is_killed_again_and_again_too()
    {
        var plan = Plan(Twelve);
        var trials = new FakeTrials { Fate = (_, trial) => trial.Id switch { 3 => new TrialEnd(TrialEnd.Way.Failed, "The file is gone."), 4 => new TrialEnd(TrialEnd.Way.Killed), _ => null } };
        await Sweep(plan, trials);
        Assert.Equal((TrialState.Failed, "The file is gone.", 1), (Trials(plan)[2].State, Trials(plan)[2].Message, Trials(plan)[2].Starts));
        Assert.Equal((TrialState.Failed, SweepRun.MostKills), (Trials(plan)[3].State, Trials(plan)[3].Starts));
        Assert.StartsWith("It was killed 3 times", Trials(plan)[3].Message, StringComparison.Ordinal);
        Assert.Equal(10, Trials(plan).Count(trial => trial.State == TrialState.Done));

        var (code, output, error) = await ProgramRun.Run("sweep", "show", _folder);
        Assert.True(code == 0, output + error);
        Assert.Contains("12 trials: 10 done, 2 failed", output, StringComparison.Ordinal);
        Assert.Contains("failed: The file is gone.", output, StringComparison.Ordinal);

        var repaired = new FakeTrials();
        await Sweep(plan, repaired);
        Assert.Equal(0, repaired.Starts);
        await Sweep(plan, repaired, again: true);
        Assert.Equal([3, 4], repaired.Finished.Order());
    }

    [Fact]
    public async Task What_a_killed_sweep_left_running_is_waited_for()
    {
        var plan = Plan("""{ "parameters": { "std-max": [1] }, "objectives": ["agreement"] }""");
        await Sweep(plan, new FakeTrials { Fate = (start, _) => start < 3 ? new TrialEnd(TrialEnd.Way.Busy) : null });
        Assert.Equal((TrialState.Done, 1), (Trials(plan).Single().State, Trials(plan).Single().Starts));
    }

    [Fact]
    public async Task A_sweep_that_is_stopped_goes_on()
    {
        var plan = Plan(Twelve);
        using var stop = new CancellationTokenSource();
        var trials = new FakeTrials
        {
            Fate = (start, _) =>
            {
                if (start == 5)
                {
                    stop.Cancel();
                    stop.Token.ThrowIfCancellationRequested();
                }

                return null;
            },
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sweep(plan, trials, cancellation: stop.Token));
        Assert.Equal((4, 0), (Trials(plan).Count(trial => trial.State == TrialState.Done), Trials(plan).Count(trial => trial.State == TrialState.Running)));
        await Sweep(plan, trials);
        Assert.Equal(Enumerable.Range(1, 12), trials.Finished.Order());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Halving_trains_the_better_half_for_longer_and_goes_on_after_a_kill(bool continues)
    {
        var plan = Plan("""{ "search": "halving", "rungs": [10, 20, 40],CONTINUE "trials": 8, "seed": 3, "parameters": { "std-max": { "from": 1, "to": 9 } }, "objectives": ["agreement"] }""".Replace("CONTINUE", continues ? "" : " \"continue\": false,", StringComparison.Ordinal));
        var trials = new FakeTrials { Fate = (start, _) => start == 10 ? throw new TimeoutException() : null };
        await Assert.ThrowsAsync<TimeoutException>(() => Sweep(plan, trials));
        await Sweep(plan, trials);
        var all = Trials(plan);
        Assert.Equal([8, 4, 2], all.GroupBy(trial => trial.Rung).Select(rung => rung.Count()));
        Assert.Equal(14, trials.Finished.Count);
        foreach (var rung in (int[])[0, 1])
        {
            var best = all.Where(trial => trial.Rung == rung).OrderBy(trial => (double)trial.Options["std-max"]!).Take(all.Count(trial => trial.Rung == rung + 1)).Select(trial => (double)trial.Options["std-max"]!);
            Assert.Equal(best.Order(), all.Where(trial => trial.Rung == rung + 1).Select(trial => (double)trial.Options["std-max"]!).Order());
        }

        foreach (var trial in all)
        {
            // The schedule is that of the whole training where a round goes on, and of the round's length where it begins anew.
            int[] rungs = [10, 20, 40];
            Assert.Equal(continues ? (40, rungs[trial.Rung]) : (rungs[trial.Rung], null), ((int)trial.Options["steps"]!, (int?)trial.Options["stop-after"]));
            var before = continues && trial.Rung > 0 ? all.Single(other => other.Rung == trial.Rung - 1 && (double)other.Options["std-max"]! == (double)trial.Options["std-max"]!).Folder : null;
            Assert.Equal(before, trials.From[trial.Id]);
        }
    }

    [Fact]
    public async Task Parts_of_a_job_array_are_merged_and_reported()
    {
        var plan = Plan(Twelve);
        foreach (var shard in Enumerable.Range(0, 3))
        {
            var trials = new FakeTrials();
            await Sweep(plan, trials, shard: (shard, 3), name: $"part-{shard + 1}.db");
            Assert.Equal(4, trials.Finished.Count);
            Assert.All(trials.Finished, id => Assert.Equal(shard, (id - 1) % 3));
        }

        string[] parts = [.. Enumerable.Range(1, 3).Select(part => Path.Combine(_folder, $"part-{part}.db"))];
        var (code, output, error) = await ProgramRun.Run(["sweep", "merge", .. parts]);
        Assert.True(code == 0, output + error);
        Assert.Contains("12 trials: 12 done", output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^1 +1 +0 +0\.99 +1 +yes +1 +done$", output);
        Assert.Matches(@"(?m)^2 +1 +1 +0\.989 +1 +– +1 +done$", output);

        foreach (var trial in Trials(plan))
        {
            WrittenRun.Write(trial.Folder, agreement: trial.Values["agreement"]);
        }

        (code, output, error) = await ProgramRun.Run("report", _folder);
        Assert.True(code == 0, output + error);
        var page = File.ReadAllText(Path.Combine(_folder, "report.html"));
        Assert.Contains("<h1>12 runs</h1>", page, StringComparison.Ordinal);
        Assert.Contains("nearest-neighbor (less is better)", page, StringComparison.Ordinal);

        using (SweepDatabase.OpenOrCreate(Path.Combine(_folder, "other.db"), "another"))
        {
        }

        (code, _, error) = await ProgramRun.Run("sweep", "merge", parts[0], Path.Combine(_folder, "other.db"), "--output", Path.Combine(_folder, "both.db"));
        Assert.Equal(JigsawExitCode.Error, code);
        Assert.Contains("other.db ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_file_is_not_mixed_with_the_sweep_that_is_there()
    {
        await Sweep(Plan(Twelve), new FakeTrials());
        var exception = await Assert.ThrowsAsync<ArgumentException>(() => Sweep(Plan(Twelve.Replace("4]", "5]", StringComparison.Ordinal)), new FakeTrials()));
        Assert.Equal($"{Database} is of another sweep than the file describes; name another folder with --output, or restore the file of the sweep.", exception.Message);
    }

    [Fact]
    public void Paths_are_relative_to_the_file_of_the_sweep()
    {
        string Full(string name) => Path.Combine(_folder, name);
        var trial = Assert.Single(Plan("""{ "options": { "data": ["a.jsonl", "b.jsonl"], "eval-data": "c.jsonl" }, "parameters": { "warm-start": ["old"] } }""").FirstTrials());
        Assert.Equal([Full("a.jsonl"), Full("b.jsonl")], trial["data"]!.AsArray().Select(path => (string)path!));
        Assert.Equal((Full("c.jsonl"), Full("old")), ((string)trial["eval-data"]!, (string)trial["warm-start"]!));
        Assert.Equal(Full("a.jsonl"), (string)Assert.Single(Plan("""{ "parameters": { "data": ["a.jsonl"] } }""").FirstTrials())["data"]!);
    }

    [Theory]
    [InlineData("options = 'null'", "the options of a trial are no object")]
    [InlineData("starts = 9223372036854775807", "")]
    [InlineData("options = '{\"steps\":1,\"steps\":2}'", "")]
    [InlineData("options = '{\"\\ud800\":1}'", "line 1, column 2: a text or a name that is not Unicode")]
    [InlineData("measured = '{\"\\ud800\":1}'", "line 1, column 2: a text or a name that is not Unicode")]
    [InlineData("folder = char(97, 0, 98)", "Null character in path")]
    [InlineData("measured = 'null'", "what a trial measured is no object")]
    [InlineData("state = 'Bogus'", "a trial is in the state 'Bogus', which there is not")]
    public async Task A_damaged_row_of_a_database_gets_a_sentence_with_a_way_out(string damage, string said)
    {
        await Sweep(Plan(Twelve), new FakeTrials());
        using (var connection = new SqliteConnection($"Data Source={Database};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = $"UPDATE trials SET {damage} WHERE id = 3";
            Assert.Equal(1, command.ExecuteNonQuery());
        }

        var (code, _, error) = await ProgramRun.Run("sweep", "show", Database);
        Assert.Equal(JigsawExitCode.Error, code);
        Assert.StartsWith($"error: {Database} can't be used as the database of a sweep ({said}", error, StringComparison.Ordinal);
        Assert.Contains("); move it away", error, StringComparison.Ordinal);
        Assert.DoesNotContain("(Parameter", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "serch": "grid" }""", "'serch' is unknown. Did you mean 'search'?")]
    [InlineData("""{ "search": "rnadom" }""", "'search' is 'rnadom'; use grid, random or halving. Did you mean 'random'?")]
    [InlineData("""{ "parameters": {} }""", "'parameters' is {}; write an object of what varies")]
    [InlineData("""{ "parameters": { "std_max": [1] } }""", "'parameters.std_max' is no option and no number of the recipe. Did you mean 'std-max'?")]
    [InlineData("""{ "parameters": { "jigsaw_ce_protection_weight": [1] } }""", "Did you mean 'jigsaw_ce_protection_loss_weight'?")]
    [InlineData("""{ "parameters": { "std-max": 3 } }""", "'parameters.std-max' is 3; write a list of values, or a range")]
    [InlineData("""{ "parameters": { "std-max": { "from": 1, "to": 2 } } }""", "add \"count\", the values that a grid takes of the range.")]
    [InlineData("""{ "parameters": { "std-max": { "from": 0, "to": 2, "scale": "log", "count": 2 } } }""", "use from above 0 and below to.")]
    [InlineData("""{ "parameters": { "std-max": { "from": 1e-4, "to": 1e308, "scale": "log", "count": 2 } } }""", "use ends that are nearer to each other.")]
    [InlineData("""{ "parameters": { "std-max": { "from": -1e308, "to": 1e308, "count": 2 } } }""", "use ends that are nearer to each other.")]
    [InlineData("""{ "parameters": { "std-max": { "form": 0 } } }""", "'parameters.std-max.form' is unknown. Did you mean 'from'?")]
    [InlineData("""{ "parameters": { "std-max": [1] }, "objectives": ["agrement"] }""", "an entry of 'objectives' is 'agrement'; use agreement, kl, ")]
    [InlineData("""{ "parameters": { "std-max": [1] }, "objectives": ["bits"], "measure": ["evaluate"] }""", "'measure' is evaluate; add attack")]
    [InlineData("""{ "search": "random", "parameters": { "std-max": [1] } }""", "'trials' is missing; use a whole number that is at least 1.")]
    [InlineData("""{ "search": "halving", "trials": 2, "rungs": [5, 5], "parameters": { "std-max": [1] } }""", "'rungs' is [5, 5]; list the steps of each round, growing")]
    [InlineData("""{ "trials": 4, "parameters": { "std-max": [1] } }""", "'trials' is 4; remove it, since a grid runs all combinations")]
    [InlineData("""{ "seed": 1, "parameters": { "std-max": [1] } }""", "'seed' is 1; remove it, since a grid draws nothing")]
    [InlineData("""{ "search": "random", "trials": 2, "keep": 0.5, "parameters": { "std-max": [1] } }""", "'keep' is 0.5; remove it, or use \"search\": \"halving\".")]
    [InlineData("""{ "search": "random", "trials": 2, "continue": true, "parameters": { "std-max": [1] } }""", "'continue' is true; remove it, or use \"search\": \"halving\".")]
    [InlineData("""{ "search": "halving", "trials": 2, "rungs": [1, 2], "continue": 1, "parameters": { "std-max": [1] } }""", "'continue' is 1; use true or false.")]
    [InlineData("""{ "options": { "output": "x" }, "parameters": { "std-max": [1] } }""", "'options.output' is unknown.")]
    [InlineData("""{ "parameters": { "steps": [5, 0] } }""", "has a trial that can't run, {\"steps\":0}: --steps is 0; use at least 1.")]
    [InlineData("""{ "parameters": { "jigsaw_ce_protection_loss_weight": [-1] } }""", "has a trial that can't run, ")]
    [InlineData("""{ "search": "random", "trials": 2147483647, "parameters": { "std-max": [1] } }""", "'trials' is 2147483647; use at most 10000.")]
    [InlineData("""{ "parameters": { "std-max": { "from": 1, "to": 2, "count": 2147483647 }, "batch": [2, 4] } }""", "'parameters' is a grid of more than 10000 trials; take fewer values")]
    [InlineData("""{ "parameters": """, "is not JSON (line 1, column ")]
    [InlineData("{ \"\\ud800\": 1 }", "is not JSON (line 1, column 3: a text or a name that is not Unicode")]
    public async Task What_the_file_of_a_sweep_gets_wrong_is_one_sentence_before_anything_runs(string text, string said)
    {
        var file = Path.Combine(_folder, "sweep.json");
        File.WriteAllText(file, text);
        var (code, output, error) = await ProgramRun.Run("sweep", file, "--output", Path.Combine(_folder, "out"));
        Assert.Equal((JigsawExitCode.Usage, ""), (code, output));
        Assert.StartsWith($"error: {file}", error, StringComparison.Ordinal);
        Assert.Contains(said.Replace("[5, 5]", "[5,5]", StringComparison.Ordinal), error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder, "out")));
    }

    [Theory]
    [InlineData(null, 8, 64, 0.5, 8, 1, false)]
    [InlineData(2, 8, 64, 0.5, 2, 4, false)]
    [InlineData(null, 8, 5, 0.5, 2, 4, false)]
    [InlineData(3, 8, 5, 0.5, 3, 2, true)]
    [InlineData(null, 2, 1, 8, 1, 2, false)]
    public void Workers_times_threads_are_the_cores_as_far_as_memory_allows(int? told, int cores, double memory, double weights, int workers, int threads, bool warns)
    {
        var fitting = SweepWorkers.Fitting(told, cores, (long)(memory * (1 << 30)), (long)(weights * (1 << 30)));
        Assert.Equal((workers, threads, warns), (fitting.Count, fitting.Threads, fitting.Warning.Length > 0));
    }

    [Theory]
    [InlineData("0/2")]
    [InlineData("3/2")]
    [InlineData("1")]
    public void A_part_that_is_none_gets_a_sentence(string text) =>
        Assert.Equal($"--shard is {text}; use i/n with i from 1 to n, such as 1/4.", Assert.Throws<UsageException>(() => ShardOption.Parse(text)).Message);

    private SweepPlan Plan(string text)
    {
        var file = Path.Combine(_folder, "plan.json");
        File.WriteAllText(file, text);
        return SweepFile.Read(file, new ProgramOptions(ProgramRun.Program()).Known, ProgramRun.Program().Recipes);
    }

    private IReadOnlyList<Trial> Trials(SweepPlan plan)
    {
        using var database = SweepDatabase.OpenOrCreate(Database, plan.Text);
        return database.Trials();
    }

    private async Task Sweep(SweepPlan plan, FakeTrials trials, int workers = 1, bool again = false, (int, int)? shard = null, string name = "sweep.db", CancellationToken cancellation = default)
    {
        using var database = SweepDatabase.OpenOrCreate(Path.Combine(_folder, name), plan.Text);
        database.Tell("objectives", string.Join(',', plan.Objectives.Select(objective => objective.Name)));
        await new SweepRun(plan, database, trials, _folder, _ => { }) { Workers = workers, RunsFailedAgain = again, Shard = shard ?? (0, 1), Patience = TimeSpan.FromMilliseconds(1) }.RunAsync(cancellation);
    }
}
