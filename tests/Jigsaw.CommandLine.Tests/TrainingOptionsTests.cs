using System.Globalization;
using System.Text.Json.Nodes;

namespace Jigsaw.CommandLine.Tests;

/// <summary>What decides how a training goes and when it ends.</summary>
public sealed class TrainingOptionsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jigsaw-options").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_training_is_evaluated_as_it_goes_ends_early_and_saves_its_best_state()
    {
        // A learning rate that moves nothing: no evaluation is better than the first.
        var (code, output, error) = await ProgramRun.Run("train", "--steps", "9", "--learning-rate", "1e-30", "--evaluate-every", "1", "--patience", "2", "--eval-chats", "3", "--json", "--output", Run("a"));
        Assert.True(code == 0, output + error);
        var events = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject()).ToArray();
        var evaluations = events.Where(one => (string?)one["event"] == "evaluation").ToArray();
        Assert.Equal([(1, true), (2, false), (3, false)], evaluations.Select(one => ((int)one["step"]!, (bool)one["best"]!)));
        Assert.All(evaluations, one => Assert.True(double.IsFinite((double)one["components"]!["composite_loss"]!)));
        Assert.Contains(events, one => (string?)one["text"] == "Ended after step 3 of 9: no new best in 2 evaluations.");
        Assert.Contains(events, one => (string?)one["text"] == "The best state by the held-out loss is that of step 1.");
        Assert.Equal(["step-000001", "step-000003"], Directory.GetDirectories(Path.Combine(Run("a"), "checkpoints"), "step-*").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
        Assert.Equal(File.ReadAllBytes(Path.Combine(Run("a"), "checkpoints", "step-000001", "transform", "sgt.safetensors")), Transform("a"));
    }

    [Fact]
    public async Task A_time_limit_saves_what_is_trained_and_the_run_can_go_on()
    {
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "2", "--output", Run("whole"))).Code);
        var (code, output, error) = await ProgramRun.Run("train", "--steps", "2", "--time-limit", "1e-6", "--output", Run("limited"));
        Assert.True(code == 0, output + error);
        Assert.Contains($"passed after step 1 of 2. Go on with the arguments: train --output {Run("limited")} --resume", output, StringComparison.Ordinal);
        Assert.NotEqual(Transform("whole"), Transform("limited"));
        Assert.Equal(0, (await ProgramRun.Run("train", "--output", Run("limited"), "--resume")).Code);
        Assert.Equal(Transform("whole"), Transform("limited"));
    }

    [Fact]
    public async Task A_warm_start_goes_on_from_another_runs_transform_and_adapters()
    {
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "2", "--rank", "3", "--output", Run("first"))).Code);
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "1", "--learning-rate", "1e-30", "--warm-start", Run("first"), "--output", Run("second"))).Code);

        // A weight that is zero, such as a bias of the keys, moves by the learning rate.
        Assert.Equal((Transform("first").Length, Adapter("first").Length), (Transform("second").Length, Adapter("second").Length));
        Assert.All(Floats(Transform("first")).Zip(Floats(Transform("second"))), pair => Assert.Equal(pair.First, pair.Second, 1e-20));
        Assert.All(Floats(Adapter("first")).Zip(Floats(Adapter("second"))), pair => Assert.Equal(pair.First, pair.Second, 1e-20));

        // Its file repeats it, though it doesn't name what the first run decides.
        Assert.Equal(0, (await ProgramRun.Run("train", "--config", Path.Combine(Run("second"), "run.json"), "--output", Run("third"))).Code);
        Assert.Equal(Adapter("second"), Adapter("third"));

        var (code, _, error) = await ProgramRun.Run("train", "--warm-start", Run("first"), "--rank", "4", "--output", Run("other"));
        Assert.Equal((2, "error: --rank is given beside --warm-start, but the run that is trained further decides it; leave --rank out."), (code, error.Trim()));
        (code, _, error) = await ProgramRun.Run("train", "--warm-start", Run("nowhere"), "--output", Run("other"));
        Assert.Equal((1, $"error: --warm-start is {Run("nowhere")}, which has no transform/ and adapter/ of a trained run; name the folder of one."), (code, error.Trim()));
    }

    [Fact]
    public async Task Micro_batches_train_as_one_batch()
    {
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "1", "--batch", "4", "--optimizer", "sgd", "--output", Run("whole"))).Code);
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "1", "--batch", "4", "--optimizer", "sgd", "--micro-batch", "1", "--output", Run("parts"))).Code);
        Assert.True((int)Options("parts")["micro-batch"]! == 1);
        Assert.All(Floats(Transform("whole")).Zip(Floats(Transform("parts"))), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public async Task A_recipe_that_can_not_be_split_is_refused_as_a_wrong_option()
    {
        var (code, _, error) = await ProgramRun.Run(ProgramRun.Program().Add<UnsplitRecipe>(), CancellationToken.None, "train", "--recipe", "unsplit", "--steps", "4", "--micro-batch", "1", "--output", Run("refused"));
        Assert.Equal(JigsawExitCode.Usage, code);
        Assert.StartsWith("error: --micro-batch is 1, but the recipe unsplit can't be split. The custom term 'apart' reads whole tensors of StudentNoisy,", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Run("refused")));
    }

    [Fact]
    public async Task A_step_of_tokens_is_in_the_files_of_the_run_and_resumes()
    {
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "4", "--tokens-per-step", "700", "--output", Run("whole"))).Code);
        Assert.Equal((700, null), ((int)Options("whole")["tokens-per-step"]!, Options("whole")["batch"]));
        Assert.Contains("700 tokens per batch", File.ReadAllText(Path.Combine(Run("whole"), "checkpoints", "step-000004", "training.json")), StringComparison.Ordinal);
        var rows = File.ReadLines(Path.Combine(Run("whole"), "steps.jsonl")).Select(line => (int)JsonNode.Parse(line)!["tokens"]!).ToArray();
        Assert.All(rows, tokens => Assert.InRange(tokens, 1, 800));
        Assert.InRange(rows.Max(), 500, 800);

        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "4", "--tokens-per-step", "700", "--time-limit", "0.000001", "--output", Run("parts"))).Code);
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "4", "--tokens-per-step", "700", "--time-limit", "100", "--output", Run("parts"), "--resume")).Code);
        Assert.Equal(Transform("whole"), Transform("parts"));

        // The command line wins over the file, whichever of the two it gives.
        Assert.Equal(0, (await ProgramRun.Run("train", "--config", Path.Combine(Run("whole"), "run.json"), "--steps", "1", "--batch", "2", "--output", Run("rows"))).Code);
        Assert.Equal((2, null), ((int)Options("rows")["batch"]!, Options("rows")["tokens-per-step"]));
    }

    [Fact]
    public async Task Numbers_mean_the_same_in_every_culture()
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            foreach (var (name, comma) in new[] { ("de-DE", "a"), ("sv-SE", "b") })
            {
                CultureInfo.CurrentCulture = new CultureInfo(name) { NumberFormat = { NumberDecimalSeparator = ",", NumberGroupSeparator = "." } };
                Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "1", "--std-max", "2.5", "--learning-rate", "0.0005", "--output", Run(comma))).Code);
                Assert.Equal((2.5, 0.0005), ((double)Options(comma)["std-max"]!, (double)Options(comma)["learning-rate"]!));
                Assert.Equal(0, (await ProgramRun.Run("train", "--config", Path.Combine(Run(comma), "run.json"), "--output", Run(comma + "2"))).Code);
                Assert.Equal(Transform(comma), Transform(comma + "2"));
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public async Task A_training_that_is_refused_leaves_the_file_of_the_run_that_is_there()
    {
        Assert.Equal(0, (await ProgramRun.Run("train", "--steps", "1", "--seed", "7", "--output", Run("a"))).Code);
        Assert.Equal(1, (await ProgramRun.Run("train", "--steps", "1", "--seed", "9", "--output", Run("a"))).Code);
        Assert.Equal(7, (int)Options("a")["seed"]!);
    }

    [Theory]
    [InlineData("--optimizer", "lion")]
    [InlineData("--optimizer", "muon")]
    [InlineData("--optimizer", "sgd")]
    [InlineData("--schedule", "constant")]
    [InlineData("--schedule", "linear")]
    [InlineData("--warmup-steps", "1")]
    [InlineData("--weight-decay", "5")]
    [InlineData("--clip-norm", "0.001")]
    public async Task Each_option_changes_the_training_and_is_in_its_file(string option, string value)
    {
        // The last step's rate is where the schedules differ.
        string[] shared = ["train", "--steps", "3", "--learning-rate", "0.1", .. option == "--warmup-steps" ? (string[])[] : ["--warmup-steps", "0"]];
        Assert.Equal(0, (await ProgramRun.Run([.. shared, "--output", Run("plain")])).Code);
        var (code, output, error) = await ProgramRun.Run([.. shared, option, value, "--output", Run("other")]);
        Assert.True(code == 0, output + error);
        Assert.NotEqual(Transform("plain"), Transform("other"));
        Assert.Equal(value, Options("other")[option[2..]]!.ToString());
    }

    [Theory]
    [InlineData("--optimizer is adam; use adamw, sgd, lion, muon. Did you mean 'adamw'?", "--optimizer", "adam")]
    [InlineData("--micro-batch is 0; use at least 1.", "--micro-batch", "0")]
    [InlineData("--warmup-steps is -1; use at least 0.", "--warmup-steps", "-1")]
    [InlineData("--time-limit is 1e300; use a number of minutes above 0, at most 10000000.", "--time-limit", "1e300")]
    public async Task What_is_out_of_range_gets_a_sentence(string sentence, params string[] arguments)
    {
        var (code, _, error) = await ProgramRun.Run(["train", .. arguments, "--output", Run("a")]);
        Assert.NotEqual(0, code);
        Assert.StartsWith($"error: {sentence}", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipes_optimizer_is_taken_unless_the_command_line_names_another()
    {
        string[] train = ["train", "--recipe", "ramped-chat", "--steps", "2"];
        Assert.Equal(0, (await ProgramRun.Run([.. train, "--output", Run("own")])).Code);
        Assert.Equal(0, (await ProgramRun.Run([.. train, "--optimizer", "muon", "--output", Run("named")])).Code);
        Assert.Equal(0, (await ProgramRun.Run([.. train, "--optimizer", "adamw", "--output", Run("other")])).Code);
        string Optimizer(string run) => Options(run)["optimizer"]!.ToString();
        Assert.Equal(("muon", "muon", "adamw"), (Optimizer("own"), Optimizer("named"), Optimizer("other")));
        Assert.Equal(Transform("own"), Transform("named"));
        Assert.NotEqual(Transform("own"), Transform("other"));
    }

    [Fact]
    public async Task A_run_whose_ramps_follow_its_length_says_so_when_it_is_resumed_with_another()
    {
        string[] train = ["train", "--recipe", "ramped-chat", "--output", Run("ramped")];
        Assert.Equal(0, (await ProgramRun.Run([.. train, "--steps", "8"])).Code);
        var (code, _, error) = await ProgramRun.Run([.. train, "--steps", "16", "--resume"]);
        Assert.Equal(JigsawExitCode.Error, code);
        Assert.Contains("Here the ramps follow the number of steps: resume with 8 steps, or begin a run of 16 with this one's result.", error, StringComparison.Ordinal);
    }

    private string Run(string name) => Path.Combine(_folder, name);

    private JsonNode Options(string run) => JsonNode.Parse(File.ReadAllText(Path.Combine(Run(run), "run.json")))!;

    private byte[] Transform(string run) => File.ReadAllBytes(Path.Combine(Run(run), "transform", "sgt.safetensors"));

    private byte[] Adapter(string run) => File.ReadAllBytes(Path.Combine(Run(run), "adapter", "adapter_model.safetensors"));

    /// <summary>The values behind the header of a safetensors file, all of them float32.</summary>
    private static float[] Floats(byte[] file)
    {
        var start = 8 + (int)BitConverter.ToInt64(file, 0);
        return [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(file.AsSpan(start))];
    }
}
