namespace Jigsaw.CommandLine.Tests;

public sealed class UsageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jigsaw-usage").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("'--stepps' is no option of train. Did you mean '--steps'? See --help.", "train", "--stepps", "3")]
    [InlineData("'--batsh' is no option. Did you mean '--batch'? See --help.", "--batsh", "3")]
    [InlineData("'trian' is no verb. Did you mean 'train'? See --help.", "trian")]
    [InlineData("'--merge' is no option of train; export has it. See --help.", "train", "--merge")]
    [InlineData("'--learning-rate=1' is no option of plan; train has it. See --help.", "plan", "--learning-rate=1")]
    [InlineData("--optimizer has no value: '--output', which follows, is an option. See --help.", "train", "--optimizer", "--output", "a")]
    [InlineData("--learning-rate has no value: '--steps', which follows, is an option. See --help.", "train", "--learning-rate", "--steps", "3")]
    [InlineData("--data has no value: '--steps', which follows, is an option. See --help.", "train", "--data", "--steps", "3")]
    [InlineData("--to has no value: '--merge', which follows, is an option. See --help.", "export", "--to", "--merge")]
    [InlineData("'--foo' is no option of generate.", "generate", "--prompt", "--quiet", "--foo", "1")]
    [InlineData("--output is empty; give it a value, or leave it out.", "train", "--output", "")]
    [InlineData("--momentum is 1; use a number from 0 to below 1.", "train", "--momentum", "1")]
    [InlineData("--momentum is 0.95, but AdamW has none; leave it out, or use --optimizer sgd or muon.", "train", "--optimizer", "adamw", "--momentum", "0.95")]
    [InlineData("--steps is 0; use at least 1.", "train", "--steps", "0")]
    [InlineData("--recipe is rampedchat; use tiny, ramped-chat. Did you mean 'ramped-chat'?", "plan", "--recipe", "rampedchat")]
    [InlineData("--device is tpu; use cpu, cuda or cuda:N.", "plan", "--device", "tpu")]
    [InlineData("--gguf is q4; use f16, bf16, f32, q8_0.", "export", "--gguf", "q4")]
    [InlineData("--set is std-max; use name=value with a number, such as information_rate_weight=0.2.", "plan", "--set", "std-max")]
    [InlineData("--set names 'a' twice; keep one.", "plan", "--set", "a=1", "--set", "a=2")]
    [InlineData("Cannot parse argument 'abc' for option '--batch'; use a whole number that fits.", "train", "--batch", "abc")]
    [InlineData("Cannot parse argument 'x' for option '--std-max'; use a number.", "train", "--std-max", "x")]
    [InlineData("--data has an empty path; name a file, a folder or a pattern.", "train", "--data", "")]
    [InlineData("'nope' is not a number of this rec", "plan", "--set", "nope=1")]
    [InlineData("--attacks is none, so there is nothing to run; use default or all.", "attack", "--attacks", "none")]
    [InlineData("--searched-chats is -1; use at least 0.", "attack", "--searched-chats", "-1")]
    [InlineData("--transform-rank is 0; use at least 1.", "train", "--transform-rank", "0")]
    [InlineData("--time-limit is 0; use a number of minutes above 0, at most 10000000.", "train", "--time-limit", "0")]
    [InlineData("--learning-rate is 0,5; write a number with a point, such as 0.5.", "train", "--learning-rate", "0,5")]
    [InlineData("--weight-decay is 1,000; write a number with a point, such as 0.5.", "train", "--weight-decay", "1,000")]
    [InlineData("--learning-rate is nan; use a number above 0.", "train", "--learning-rate", "nan")]
    [InlineData("--learning-rate is -1; use a number above 0.", "train", "--learning-rate", "-1")]
    [InlineData("--std-max is 0; use a number above 0.001.", "train", "--std-max", "0")]
    [InlineData("--initial-rho is 1e999; use a number that is finite.", "train", "--initial-rho", "1e999")]
    [InlineData("--clip-norm is 0; use a number above 0.", "train", "--clip-norm", "0")]
    [InlineData("--weight-decay is -1; use a number of at least 0.", "train", "--weight-decay", "-1")]
    [InlineData("--max-length is 1; use at least 2.", "train", "--max-length", "1")]
    [InlineData("--patience counts evaluations, but there are none; give --evaluate-every.", "train", "--patience", "2")]
    [InlineData("--rank is given beside --warm-start, but the run that is trained further decides it; leave --rank out.", "train", "--warm-start", "runs/a", "--rank", "4")]
    [InlineData("'--bogus' is no option and no path of run; see --help, or write ./--bogus for a file of that name.", "report", "--bogus")]
    [InlineData("'--steps' is no option and no path of file; see --help, or write ./--steps for a file of that name.", "sweep", "--steps", "3")]
    [InlineData("'--json5' is no option and no path of directory; see --help, or write ./--json5 for a file of that name.", "inspect", "--json5")]
    [InlineData("--output is '--stepps', which begins as an option does and is none; see --help, or write ./--stepps for a path.", "train", "--output", "--stepps", "3")]
    [InlineData("--to is '--merg', which begins as an option does and is none; see --help, or write ./--merg for a path.", "export", "--to", "--merg")]
    [InlineData("--output is '--stepps=3', which begins as an option does and is none; see --help, or write ./--stepps=3 for a path.", "train", "--output", "--stepps=3")]
    [InlineData("The file is empty; name one.", "sweep", "")]
    [InlineData("The sweep is empty; name one.", "sweep", "show", "")]
    [InlineData("The directory is empty; name one.", "inspect", "")]
    [InlineData("'two' is too much; sweep takes one file and options. See --help.", "sweep", "one.json", "two")]
    [InlineData("'chats.jsonl' is too much; train takes only options. See --help.", "train", "chats.jsonl")]
    [InlineData("'--bogus' is no option and no path of --data; see --help, or write ./--bogus for a file of that name.", "train", "--data", "a.jsonl", "--bogus")]
    [InlineData("--freeze is heads; use adapters, transform, mean, std.", "train", "--freeze", "heads")]
    [InlineData("--batch is 4 and --tokens-per-step 900, but both say how large a step is; give one of them.", "train", "--batch", "4", "--tokens-per-step", "900")]
    [InlineData("--tokens-per-step is 0; use at least 1.", "train", "--tokens-per-step", "0")]
    [InlineData("--quiet prints nothing and --json everything; use one of them.", "plan", "--quiet", "--json")]
    public async Task What_nobody_knows_gets_a_sentence_with_the_nearest_name(string said, params string[] arguments)
    {
        var (code, output, error) = await ProgramRun.Run(arguments);
        Assert.Equal((JigsawExitCode.Usage, ""), (code, output));
        Assert.StartsWith("error: " + said, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "stepps": 3 }""", " names 'stepps', which is no option. Did you mean 'steps'?")]
    [InlineData("""{ "steps": 0 }""", "run.json: --steps is 0; use at least 1.")]
    [InlineData("""{ "optimizer": "adamw", "momentum": 0.95 }""", "leave it out, or use --optimizer sgd or muon. Options come from ")]
    [InlineData("""{ "optimizer": "--output" }""", "run.json: --optimizer is '--output', which is an option and no value.")]
    [InlineData("""{ "optimizer": "muonn" }""", "run.json: --optimizer is muonn; use adamw, sgd, lion, muon. Did you mean 'muon'?")]
    [InlineData("""{ "steps": [1] }""", ": 'steps' is [1]; use a text or a number.")]
    [InlineData("""{ "resume": 1 }""", ": 'resume' is 1; use true or false.")]
    [InlineData("""{ "hyperparameters": { "a": "b" } }""", ": 'hyperparameters.a' is \"b\"; use a number.")]
    [InlineData("""{ "steps": 1, "steps": 2 }""", " is not JSON (")]
    [InlineData("{ \"steps\": 1, // so many\n \"\\ud800\": 2 }", " is not JSON (line 2, column 2: a text or a name that is not Unicode: half a surrogate pair, or invalid UTF-8); correct it there.")]
    [InlineData("""{ "data": [] }""", ": 'data' is empty; remove it, or give it a value.")]
    [InlineData("""{ "model": "" }""", ": 'model' is empty; remove it, or give it a value.")]
    [InlineData("[]", " is no JSON object; ")]
    public async Task A_file_that_says_what_nobody_knows_gets_a_sentence(string text, string said)
    {
        var file = Path.Combine(_folder, "run.json");
        File.WriteAllText(file, text);
        var (code, output, error) = await ProgramRun.Run("train", "--config", file);
        Assert.Equal((JigsawExitCode.Usage, ""), (code, output));
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.Contains(said, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_there_gets_a_sentence() =>
        Assert.Equal(JigsawExitCode.Usage, (await ProgramRun.Run("plan", "--config", Path.Combine(_folder, "none.json"))).Code);

    [Fact]
    public async Task A_files_momentum_is_not_that_of_an_optimizer_of_the_command_line()
    {
        var file = Path.Combine(_folder, "run.json");
        File.WriteAllText(file, """{ "optimizer": "muon", "momentum": 0.95 }""");
        var (_, _, error) = await ProgramRun.Run("train", "--config", file, "--optimizer", "adamw", "--model", Path.Combine(_folder, "none"), "--output", Path.Combine(_folder, "run"));
        Assert.DoesNotContain("momentum", error, StringComparison.Ordinal);
        Assert.Contains("none", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_may_name_options_of_other_verbs()
    {
        var file = Path.Combine(_folder, "run.json");
        File.WriteAllText(file, """{ "recipe": "ramped-chat", "attack-steps": 3, "quiet": false }""");
        var (code, output, error) = await ProgramRun.Run("plan", "--config", file);
        Assert.True(code == 0, output + error);
        Assert.Contains("Recipe ramped-chat.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_lists_the_verbs_and_the_options_of_one()
    {
        var (code, output, _) = await ProgramRun.Run("--help");
        Assert.Equal(0, code);
        Assert.All((string[])["plan", "train", "evaluate", "attack", "sweep", "report", "generate", "export", "inspect"], verb => Assert.Matches($@"(?m)^\s+{verb}\b", output));

        (code, output, _) = await ProgramRun.Run("evaluate", "--help");
        Assert.Equal(0, code);
        Assert.Contains("--eval-chats", output, StringComparison.Ordinal);
        Assert.DoesNotContain("--steps", output, StringComparison.Ordinal);
    }
}
