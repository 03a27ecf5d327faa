using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.Client;
using Jigsaw.Models;
using TorchSharp;

namespace Jigsaw.CommandLine.Tests;

public sealed class TrainTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jigsaw-program").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_training_prints_every_nth_step_in_one_line_and_writes_its_options_and_files_for_TensorBoard()
    {
        var (code, output, error) = await ProgramRun.Run("train", "--steps", "5", "--log-every", "2", "--output", Run("a"));
        Assert.True(code == JigsawExitCode.Success, output + error);
        var steps = output.Split('\n').Where(line => line.StartsWith("step ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["step    1/5", "step    2/5", "step    4/5", "step    5/5"], steps.Select(line => line[..11]));
        Assert.All(steps, line => Assert.Matches(@"tokens/s .* ce_performance \S+ ce_protection \S+ absolute_cosine_similarity \S+$", line));

        var options = Options("a");
        Assert.Equal((5, 2, "tiny"), ((int)options["steps"]!, (int)options["batch"]!, (string?)options["recipe"]));
        Assert.True(File.Exists(Path.Combine(Run("a"), "transform", "sgt.safetensors")));
        var events = Assert.Single(Directory.GetFiles(Path.Combine(Run("a"), "tensorboard"), "*", SearchOption.AllDirectories));
        var text = Encoding.UTF8.GetString(File.ReadAllBytes(events));
        Assert.All((string[])["components/composite_loss", "training/gradient_norm", "training/tokens_per_second", "training/memory_mebibytes"], tag => Assert.Contains(tag, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_file_of_a_run_repeats_it_and_the_command_line_wins_over_it()
    {
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "3", "--seed", "5", "--no-tensorboard", "--output", Run("a"))).Code);
        var file = Path.Combine(Run("a"), "run.json");
        Assert.Equal(0, (await ProgramRun.Run("train", "--config", file, "--output", Run("b"))).Code);
        Assert.Equal(Transform("a"), Transform("b"));
        Assert.False(Directory.Exists(Path.Combine(Run("b"), "tensorboard")));

        Assert.Equal(0, (await ProgramRun.Run("train", "--config", file, "--steps", "2", "--output", Run("c"))).Code);
        Assert.Equal((2, 5), ((int)Options("c")["steps"]!, (int)Options("c")["seed"]!));
        Assert.NotEqual(Transform("a"), Transform("c"));
    }

    [Fact]
    public async Task With_a_teachers_cache_a_second_run_reads_what_the_first_has_computed_and_says_what_it_takes()
    {
        var cache = Path.Combine(_folder, "teacher");
        var (code, output, error) = await ProgramRun.Run("train", "--steps", "3", "--teacher-cache", cache, "--output", Run("a"));
        Assert.True(code == JigsawExitCode.Success, output + error);
        var said = System.Text.RegularExpressions.Regex.Match(output, @"kept in .*: (\S+) MiB for (\d+) tokens, bfloat16\.");
        Assert.True(said.Success, output);
        Assert.Contains("The teacher's cache had 0 of ", output, StringComparison.Ordinal);
        var (again, second, _) = await ProgramRun.Run("train", "--config", Path.Combine(Run("a"), "run.json"), "--output", Run("b"));
        Assert.Equal(0, again);
        Assert.Matches(@"The teacher's cache had (\d+) of \1 rows", second);
        Assert.Equal(Transform("a"), Transform("b"));
        Assert.Equal((cache, "bfloat16"), ((string?)Options("b")["teacher-cache"], (string?)Options("b")["teacher-cache-precision"]));

        var (_, plan, _) = await ProgramRun.Run("plan");
        Assert.Contains("With --teacher-cache, TeacherClean runs once for each chat: from the second epoch on 2 forwards and 2 backwards, about 4 forwards.", plan, StringComparison.Ordinal);
        Assert.Matches(@"The teacher's cache takes \d+ bytes for each token of the data, in bfloat16\.", plan);
        Assert.Contains("--teacher-cache-precision is float16; use float32, bfloat16.", (await ProgramRun.Run("train", "--teacher-cache", cache, "--teacher-cache-precision", "float16")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Numbers_of_the_recipe_are_changed_by_name_and_the_file_of_the_run_repeats_them()
    {
        const string Name = "jigsaw_ce_protection_loss_weight";
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "2", "--set", $"{Name}=5", "--output", Run("a"))).Code);
        Assert.Equal($$"""{"{{Name}}":5}""", Options("a")["hyperparameters"]!.ToJsonString());
        Assert.Equal(0, (await ProgramRun.Run("train", "--config", Path.Combine(Run("a"), "run.json"), "--output", Run("b"))).Code);
        Assert.Equal(Transform("a"), Transform("b"));
        Assert.Equal(0, (await ProgramRun.Run("train", "--config", Path.Combine(Run("a"), "run.json"), "--set", $"{Name}=0.25", "--output", Run("c"))).Code);
        Assert.Null(Options("c")["hyperparameters"]);
        Assert.NotEqual(Transform("a"), Transform("c"));

        var (code, _, error) = await ProgramRun.Run("plan", "--set", "ce_protection_loss_weight=1");
        Assert.Equal((JigsawExitCode.Usage, $"error: 'ce_protection_loss_weight' is not a number of this recipe; did you mean '{Name}'?"), (code, error.Trim()));
    }

    [Fact]
    public async Task A_trial_trains_measures_and_leaves_its_figures_and_what_is_done_is_not_done_again()
    {
        Directory.CreateDirectory(Run("t"));
        var file = Path.Combine(Run("t"), "trial.json");
        File.WriteAllText(file, """{ "steps": 2, "eval-chats": 1, "no-tensorboard": true, "hyperparameters": { "jigsaw_ce_protection_loss_weight": 0.5 } }""");
        string[] trial = ["trial", "--config", file, "--output", Run("t"), "--measure", "evaluate"];
        using (new FileStream(Path.Combine(Run("t"), "trial.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.Equal(JigsawExitCode.Busy, (await ProgramRun.Run(trial)).Code);
        }

        var (code, output, error) = await ProgramRun.Run(trial);
        Assert.True(code == 0, output + error);
        var result = JsonNode.Parse(File.ReadAllText(Path.Combine(Run("t"), "result.json")))!;
        Assert.Equal(0.5, (double)result["options"]!["hyperparameters"]!["jigsaw_ce_protection_loss_weight"]!);
        Assert.InRange((double)result["values"]!["agreement"]!, 0.01, 1);
        Assert.Equal(2, File.ReadLines(Path.Combine(Run("t"), "steps.jsonl")).Count());

        File.Delete(Path.Combine(Run("t"), "result.json"));
        (code, output, error) = await ProgramRun.Run(trial);
        Assert.Equal((0, "", ""), (code, output, error));
        Assert.Equal(result.ToJsonString(), JsonNode.Parse(File.ReadAllText(Path.Combine(Run("t"), "result.json")))!.ToJsonString());
    }

    [Fact]
    public async Task A_trial_of_the_next_round_goes_on_with_that_of_the_one_before_to_the_numbers_of_a_whole_training()
    {
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "2", "--eval-chats", "1", "--output", Run("whole"))).Code);
        foreach (var (name, stop, from) in new[] { ("first", 1, (string[])[]), ("second", 2, ["--from", Run("first")]) })
        {
            Directory.CreateDirectory(Run(name));
            var file = Path.Combine(Run(name), "trial.json");
            File.WriteAllText(file, $$"""{ "steps": 2, "stop-after": {{stop}}, "eval-chats": 1, "no-tensorboard": true }""");
            var (code, output, error) = await ProgramRun.Run(["trial", "--config", file, "--output", Run(name), "--measure", "evaluate", .. from]);
            Assert.True(code == 0, output + error);
            Assert.Contains(stop == 1 ? $"Ended after step 1 of 2, as --stop-after tells. Go on with the arguments: train --output {Run(name)} --resume" : "Resumed after step 1.", output, StringComparison.Ordinal);
        }

        Assert.NotEqual(Transform("whole"), Transform("first"));
        Assert.Equal(Transform("whole"), Transform("second"));
        Assert.Equal([1, 2], File.ReadLines(Path.Combine(Run("second"), "steps.jsonl")).Select(line => (int)JsonNode.Parse(line)!["step"]!));
        Assert.Equal(Options("whole").ToJsonString().Replace("\"no-tensorboard\":false", "\"no-tensorboard\":true", StringComparison.Ordinal), Options("second").ToJsonString());
    }

    [Fact]
    public async Task Paths_in_a_file_are_relative_to_it()
    {
        File.Copy(Path.Combine(ProgramRun.Model, "data", "eval.jsonl"), Path.Combine(_folder, "mine.jsonl"));
        var file = Path.Combine(_folder, "my.json");
        File.WriteAllText(file, """{ "data": "mine.jsonl", "steps": 1, "output": "there" }""");
        Assert.Equal(0, (await ProgramRun.Run("train", "--config", file)).Code);
        Assert.Equal(Path.Combine(_folder, "mine.jsonl"), (string?)Options("there")["data"]);
    }

    [Fact]
    public async Task Data_may_be_several_files_of_any_format_cut_to_a_length_and_read_from_the_disk()
    {
        var (first, second) = (Path.Combine(_folder, "a.json"), Path.Combine(_folder, "b.jsonl"));
        File.WriteAllText(first, """[{"instruction": "Where is order 7?", "output": "On its way, order 7 is."}, {"prompt": "Hi", "completion": "Hello."}]""");
        File.WriteAllLines(second, Enumerable.Repeat("""{"id": 1, "conversations": [{"from": "human", "value": "Hi, I am Ada."}, {"from": "gpt", "value": "Hello Ada."}]}""", 5));
        var (code, output, error) = await ProgramRun.Run("train", "--steps", "2", "--data", first, second, "--max-length", "24", "--output", Run("a"));
        Assert.True(code == JigsawExitCode.Success, output + error);
        Assert.Contains("7 chats to train on", output, StringComparison.Ordinal);
        Assert.Contains("Fields of the data that nothing reads, with their rows: id (5).", output, StringComparison.Ordinal);
        Assert.Equal([first, second], Options("a")["data"]!.AsArray().Select(path => (string?)path));

        (code, output, error) = await ProgramRun.Run("train", "--config", Path.Combine(Run("a"), "run.json"), "--cache", Path.Combine(_folder, "cache"), "--output", Run("b"));
        Assert.True(code == JigsawExitCode.Success, output + error);
        Assert.Equal(Transform("a"), Transform("b"));
        Assert.Single(Directory.GetFiles(Path.Combine(_folder, "cache"), "tokens-*.bin"));
    }

    [Fact]
    public async Task A_stopped_training_writes_a_checkpoint_says_how_to_go_on_and_ends_as_one_that_was_not_stopped()
    {
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "4", "--output", Run("whole"))).Code);
        using var stop = new CancellationTokenSource();
        var done = 0L;
        using var listener = new MeterListener { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
        {
            done += instrument is { Meter.Name: "Jigsaw", Name: "jigsaw.training.steps" } ? value : 0;
            if (done == 2)
            {
                stop.Cancel();
            }
        });
        listener.Start();
        var (code, output, error) = await ProgramRun.Run(ProgramRun.Program(), stop.Token, "train", "--steps", "4", "--output", Run("stopped"));
        Assert.True(code == JigsawExitCode.Stopped, output + error);
        Assert.Equal(2, done);
        Assert.True(Directory.Exists(Path.Combine(Run("stopped"), "checkpoints", "step-000002")));
        Assert.Contains($"train --output {Run("stopped")} --resume", error, StringComparison.Ordinal);

        (code, output, error) = await ProgramRun.Run("train", "--output", Run("stopped"), "--resume");
        Assert.True(code == JigsawExitCode.Success, output + error);
        Assert.Contains("Resumed after step 2.", output, StringComparison.Ordinal);
        Assert.Equal(Transform("whole"), Transform("stopped"));
    }

    [Fact]
    public async Task Json_is_one_object_per_line_and_quiet_is_nothing()
    {
        var (code, output, error) = await ProgramRun.Run("train", "--steps", "2", "--json", "--output", Run("json"));
        Assert.True(code == JigsawExitCode.Success, output + error);
        var events = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject()).ToArray();
        var steps = events.Where(one => (string?)one["event"] == "step").ToArray();
        Assert.Equal([1, 2], steps.Select(one => (int)one["step"]!));
        Assert.All(steps, one => Assert.True(double.IsFinite((double)one["components"]!["composite_loss"]!) && (double)one["gradient_norm"]! > 0));
        Assert.Contains(events, one => (string?)one["event"] == "message");

        Assert.Equal((0, "", ""), await ProgramRun.Run("train", "--steps", "2", "--quiet", "--output", Run("quiet")));
        Assert.Equal(Transform("json"), Transform("quiet"));
    }

    [Fact]
    public async Task A_trained_run_is_evaluated_attacked_asked_exported_and_inspected_with_the_options_of_its_file()
    {
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "1", "--rank", "3", "--output", Run("a"))).Code);
        var (code, output, error) = await ProgramRun.Run("evaluate", "--output", Run("a"), "--eval-chats", "2");
        Assert.True(code == 0, output + error);
        Assert.Contains("student(noisy) agrees with teacher(clean)", output, StringComparison.Ordinal);
        using (var figures = JsonDocument.Parse(File.ReadAllText(Path.Combine(Run("a"), "evaluation.json"))))
        {
            Assert.InRange(figures.RootElement.GetProperty("student_noisy_agreement").GetDouble(), 0.01, 1);
        }

        (code, output, error) = await ProgramRun.Run("attack", "--output", Run("a"), "--eval-chats", "1", "--candidates", "16");
        Assert.True(code == 0, output + error);
        Assert.Contains("tries 16 of ", File.ReadAllText(Path.Combine(Run("a"), "attacks.json")), StringComparison.Ordinal);
        Assert.Contains("bound over all attackers", File.ReadAllText(Path.Combine(Run("a"), "attacks.json")), StringComparison.Ordinal);

        (code, output, error) = await ProgramRun.Run("generate", "--output", Run("a"), "--prompt", "Where is my order 4711?", "--max-tokens", "5");
        Assert.True(code == 0, output + error);
        Assert.Contains("Where is my order 4711?", output, StringComparison.Ordinal);
        Assert.Contains("student, on the transformed prompt", output, StringComparison.Ordinal);

        (code, output, error) = await ProgramRun.Run("generate", "--output", Run("a"), "--prompt", string.Concat(Enumerable.Repeat("my order 4711 ", 200)), "--max-tokens", "5");
        Assert.Equal((JigsawExitCode.Error, ""), (code, output));
        Assert.Matches("^error: The prompt has [0-9]+ tokens and --max-tokens is 5, but the model has 512 positions; give a shorter prompt, or fewer tokens.$", error.Trim());

        var trained = Transform("a");
        Directory.Delete(Path.Combine(Run("a"), "checkpoints"), recursive: true);
        (code, _, error) = await ProgramRun.Run("train", "--steps", "1", "--seed", "9", "--output", Run("a"));
        Assert.Equal((JigsawExitCode.Error, $"error: {Run("a")} holds the result of a training, which would be written over; go on with it by --resume, or give another --output."), (code, error.Trim()));
        (code, _, error) = await ProgramRun.Run("export", "--output", Run("a"), "--to", Run("a"));
        Assert.Equal((JigsawExitCode.Error, $"error: --to is {Run("a")}, the folder of a run, whose transform and adapters would be written over; name another folder."), (code, error.Trim()));
        (code, _, error) = await ProgramRun.Run("export", "--output", Run("a"), "--to", Path.Combine(Run("a"), "run.json"));
        Assert.Equal((JigsawExitCode.Error, $"error: --to is {Path.Combine(Run("a"), "run.json")}, a file; name another folder."), (code, error.Trim()));
        Assert.Equal(trained, Transform("a"));

        Assert.Equal(0, (await ProgramRun.Run("export", "--output", Run("a"))).Code);
        (code, output, error) = await ProgramRun.Run("inspect", Path.Combine(Run("a"), "export", "adapter"));
        Assert.True(code == 0, output + error);
        Assert.Matches(@"rank, alpha\s+3, 6", output);

        Assert.Equal(0, (await ProgramRun.Run("export", "--gguf", "f16", "--client", "--to", Path.Combine(_folder, "served"), "--output", Run("a"))).Code);
        Assert.Equal("GGUF"u8.ToArray(), File.ReadAllBytes(Path.Combine(_folder, "served", "adapter.gguf"))[..4]);
        using (var client = PromptTransform.Load(Path.Combine(_folder, "served", "client")))
        {
            Assert.Equal(["user"], client.Scope.Roles);
        }

        Assert.Equal(0, (await ProgramRun.Run("export", "--gguf", "q8_0", "--merge", "--to", Path.Combine(_folder, "served"), "--output", Run("a"))).Code);
        Assert.Equal("GGUF"u8.ToArray(), File.ReadAllBytes(Path.Combine(_folder, "served", "model.gguf"))[..4]);

        var merged = Path.Combine(_folder, "merged");
        Assert.Equal(0, (await ProgramRun.Run("export", "--merge", "--to", merged, "--output", Run("a"))).Code);
        using var model = CausalLM.Load(Path.Combine(merged, "model"), torch.CPU, torch.ScalarType.Float32);
        (code, output, error) = await ProgramRun.Run("inspect", Path.Combine(merged, "model"));
        Assert.True(code == 0, output + error);
        Assert.Contains("llama", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("transform", false, "a file where a folder")]
    [InlineData("adapter", false, "a file where a folder")]
    [InlineData("checkpoints", false, "a file where a folder")]
    [InlineData("tensorboard", false, "a file where a folder")]
    [InlineData("run.json", true, "a folder where a file")]
    [InlineData("steps.jsonl", true, "a folder where a file")]
    public async Task What_is_in_the_way_of_a_result_is_found_before_anything_is_loaded(string name, bool isFolder, string what)
    {
        var path = Path.Combine(Run("b"), name);
        Directory.CreateDirectory(isFolder ? path : Run("b"));
        if (!isFolder)
        {
            File.WriteAllText(path, "");
        }

        var (code, output, error) = await ProgramRun.Run("train", "--model", Run("no-model"), "--output", Run("b"));
        Assert.Equal((JigsawExitCode.Error, "", $"error: {path} is {what} of the run goes; remove it, or give another --output."), (code, output, error.Trim()));
    }

    [Fact]
    public async Task Paths_that_are_of_another_kind_are_named()
    {
        var (file, folder, link) = (Run("file"), Run("folder"), Run("link"));
        File.WriteAllText(file, "");
        Directory.CreateDirectory(folder);
        File.CreateSymbolicLink(link, Run("nothing"));
        async Task Refused(string said, params string[] arguments)
        {
            var (code, output, error) = await ProgramRun.Run(arguments);
            Assert.True(code is JigsawExitCode.Error or JigsawExitCode.Usage);
            Assert.Equal("", output);
            Assert.StartsWith($"error: {said}", error, StringComparison.Ordinal);
        }

        await Refused($"{link} is a link to nothing, so nothing can be written below it; give another folder.", "train", "--model", Run("no-model"), "--output", link);
        await Refused($"{file} is a file, so nothing can be written below it; give another folder.", "train", "--model", Run("no-model"), "--output", folder, "--teacher-cache", file);
        await Refused($"{folder} is a folder; name a file.", "train", "--config", folder);
        await Refused($"--hyperparameters is {folder}, which is a folder; name a JSON file.", "plan", "--hyperparameters", folder);
        await Refused($"--hyperparameters is {Run("gone.json")}, which is not there; name a JSON file.", "plan", "--hyperparameters", Run("gone.json"));
        await Refused("--rank is 100000, but no map of the model has more than ", "train", "--rank", "100000", "--output", folder);
    }

    [Theory]
    [InlineData("train")]
    [InlineData]
    public async Task A_file_in_the_way_of_the_runs_folder_is_found_before_anything_is_loaded(params string[] verb)
    {
        var file = Run("taken");
        File.WriteAllText(file, "");
        var (code, output, error) = await ProgramRun.Run([.. verb, "--model", Run("no-model"), "--output", Path.Combine(file, "b")]);
        Assert.Equal((JigsawExitCode.Error, "", $"error: {file} is a file, so nothing can be written below it; give another folder."), (code, output, error.Trim()));
    }

    [Fact]
    public async Task What_a_run_lacks_gets_a_sentence()
    {
        var (code, output, error) = await ProgramRun.Run("evaluate", "--output", Run("none"));
        Assert.Equal((JigsawExitCode.Error, ""), (code, output));
        Assert.Equal($"error: {Run("none")} has no trained transform and adapters; train first, or name the folder of a run with --output.", error.Trim());
    }

    private string Run(string name) => Path.Combine(_folder, name);

    private JsonNode Options(string run) => JsonNode.Parse(File.ReadAllText(Path.Combine(Run(run), "run.json")))!;

    private byte[] Transform(string run) => File.ReadAllBytes(Path.Combine(Run(run), "transform", "sgt.safetensors"));
}
