using System.Reflection;

namespace Jigsaw.Samples.Tests;

public sealed class QuickstartTests : IDisposable
{
    private static readonly string _bundled = Path.Combine(AppContext.BaseDirectory, "models", "support-lm");
    private static readonly string[] _short = ["--steps", "4", "--batch", "4", "--eval-chats", "6", "--attack-steps", "3", "--attacks", "none"];

    private readonly string _directory = Directory.CreateTempSubdirectory("jigsaw-quickstart").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void It_trains_evaluates_shows_and_saves_and_resumes()
    {
        var (code, output, error) = QuickstartProgram.Run(_directory, _short);
        Assert.True(code == 0, output + error);
        Assert.Contains("step    4/4", output, StringComparison.Ordinal);
        Assert.Contains("student(noisy) agrees with teacher(clean)", output, StringComparison.Ordinal);
        Assert.Contains("tokens recovered by the trained attack", output, StringComparison.Ordinal);
        Assert.Contains("student, on the transformed prompt", output, StringComparison.Ordinal);
        var run = Path.Combine(_directory, "runs", "quickstart");
        Assert.True(File.Exists(Path.Combine(run, "transform", "sgt.safetensors")));
        Assert.True(File.Exists(Path.Combine(run, "adapter", "adapter_model.safetensors")));

        var before = File.ReadAllBytes(Path.Combine(run, "transform", "sgt.safetensors"));
        (code, output, error) = QuickstartProgram.Run(_directory, [.. _short, "--resume"]);
        Assert.True(code == 0, output + error);
        Assert.Contains("Resumed after step 4.", output, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(run, "transform", "sgt.safetensors")));
    }

    [Fact]
    public void It_attacks_what_it_trained_and_saves_all_figures()
    {
        var (code, output, error) = QuickstartProgram.Run(_directory, ["--steps", "2", "--batch", "4", "--eval-chats", "1", "--attack-steps", "1", "--attacks", "default"]);
        Assert.True(code == 0, output + error);
        Assert.Contains("The exact likelihood attack tries 2048 of 2048 tokens at each place", string.Join(' ', output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        var record = File.ReadAllText(Path.Combine(_directory, "runs", "quickstart", "attacks.json"));
        Assert.Contains("\"attack\": \"bound over all attackers\"", record, StringComparison.Ordinal);
    }

    [UnixFact]
    public void A_training_that_is_asked_to_end_keeps_a_checkpoint_and_says_how_to_go_on()
    {
        var (code, output, error) = QuickstartProgram.RunUntil(_directory, "step    2/4000", "train", "--recipe", "original-terms", "--steps", "4000", "--batch", "2", "--log-every", "1");
        Assert.True(code == 130, output + error);
        var checkpoint = Path.GetFileName(Assert.Single(Directory.GetDirectories(Path.Combine(_directory, "runs", "quickstart", "checkpoints"))));
        Assert.Matches("^step-0000[0-9]{2}$", checkpoint);
        Assert.Matches("Go on with the arguments: train --output .*quickstart --resume", error);
    }

    [Fact]
    public void A_directory_that_is_no_checkpoint_gets_a_sentence() =>
        AssertSentence(["--model", _directory], _directory);

    [Fact]
    public void A_directory_that_is_not_there_gets_a_sentence() =>
        AssertSentence(["--model", Path.Combine(_directory, "nowhere")], "nowhere");

    [Fact]
    public void A_missing_tensor_gets_a_sentence()
    {
        var copy = Copy();
        var path = Path.Combine(copy, "model.safetensors");
        var text = File.ReadAllBytes(path);
        var name = "model.norm.weight"u8;
        var at = text.AsSpan().IndexOf(name);
        "model.mist.weight"u8.CopyTo(text.AsSpan(at));
        File.WriteAllBytes(path, text);
        AssertSentence(["--model", copy], "model.norm.weight");
    }

    [Fact]
    public void A_file_cut_short_gets_a_sentence()
    {
        var copy = Copy();
        var path = Path.Combine(copy, "model.safetensors");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..500_000]);
        AssertSentence(["--model", copy], "model.safetensors");
    }

    [Fact]
    public void A_model_of_another_family_gets_a_sentence()
    {
        var copy = Copy();
        var path = Path.Combine(copy, "config.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"llama\"", "\"gpt_neox\"", StringComparison.Ordinal));
        AssertSentence(["--model", copy], "gpt_neox");
    }

    [UnixFact]
    public void A_result_in_a_folder_that_cannot_be_written_to_is_told_before_it_is_measured()
    {
        // Whoever may write everywhere still can't write into the kernel's folders.
        var run = "/sys/kernel";
        if (!Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows())
        {
            run = Directory.CreateDirectory(Path.Combine(_directory, "sealed"), UnixFileMode.UserRead | UnixFileMode.UserExecute).FullName;
        }

        var (code, output, error) = QuickstartProgram.Run(_directory, "evaluate", "--output", run);
        Assert.Equal(1, code);
        Assert.Contains("can't be written to; make it writable, or give another folder.", error, StringComparison.Ordinal);
        Assert.DoesNotContain(".tmp", output + error, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_file_of_options_beside_it_trains()
    {
        var root = typeof(QuickstartTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(pair => pair.Key == "RepositoryRoot").Value!;
        var files = Directory.GetFiles(Path.Combine(root, "samples", "Quickstart"), "*.json");
        Assert.Contains(files, file => Path.GetFileName(file) == "four-thousand-chats.json");
        Assert.All(files, file =>
        {
            var (code, output, error) = QuickstartProgram.Run(_directory, "train", "--config", file, "--steps", "1", "--batch", "2", "--output", Path.Combine(_directory, Path.GetFileNameWithoutExtension(file)));
            Assert.True(code == 0, output + error);
        });
    }

    [Theory]
    [InlineData("--stepps", "3", "--stepps")]
    [InlineData("--steps", "0", "--steps is 0; use at least 1")]
    [InlineData("--steps", "many", "many")]
    [InlineData("--device", "tpu", "tpu")]
    [InlineData("--std-max", "-1", "--std-max is -1; use a number above 0.001")]
    public void A_wrong_option_gets_a_sentence(string option, string value, string said) =>
        AssertSentence([option, value], said, code: 2);

    [Theory]
    [InlineData("--data", "no-such.jsonl", "no-such.jsonl")]
    [InlineData("--hyperparameters", "no-such.json", "no-such.json")]
    public void A_wrong_file_gets_a_sentence(string option, string value, string said) =>
        AssertSentence([option, value], said);

    [Fact]
    public void A_misspelt_hyperparameter_gets_the_nearest_name()
    {
        var path = Path.Combine(_directory, "numbers.json");
        File.WriteAllText(path, """{ "infomation_rate_weight": 0.2 }""");
        AssertSentence(["--hyperparameters", path], "information_rate_weight");
    }

    private void AssertSentence(string[] arguments, string said, int code = 1)
    {
        var (ended, output, error) = QuickstartProgram.Run(_directory, ["--batch", "4", "--eval-chats", "6", "--attack-steps", "3", .. arguments]);
        Assert.Equal(code, ended);
        Assert.Contains(said, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output + error, StringComparison.Ordinal);
    }

    private string Copy()
    {
        var copy = Directory.CreateDirectory(Path.Combine(_directory, "model")).FullName;
        foreach (var file in Directory.EnumerateFiles(_bundled))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }
}
