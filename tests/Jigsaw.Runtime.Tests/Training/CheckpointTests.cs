using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Models.Lora;
using Jigsaw.Training;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Only_checkpoints_of_this_run_are_deleted()
    {
        string[] others = ["step-000001-keep", "step-000002.bak", "step-notes", "step-1", "step-000099", ".unfinished-notes"];
        using var session = new TrainingSession(Options(8) with { CheckpointEvery = 1 });
        session.Trainer.Run(step =>
        {
            if (step.Step == 1)
            {
                Array.ForEach(others, other => Directory.CreateDirectory(_folder[other]));
                File.WriteAllText(Path.Combine(_folder["step-000099"], "run-id"), "of another run");
            }
        });
        Assert.Equal([.. others.Append("step-000007").Append("step-000008").Order(StringComparer.Ordinal)], Directories());
    }

    [Fact]
    public void Steps_of_seven_digits_are_newer_than_those_of_six()
    {
        foreach (var step in (string[])["step-999999", "step-1000000", "step-999998"])
        {
            Directory.CreateDirectory(_folder[step]);
        }

        Assert.Equal(_folder["step-1000000"], new TrainingCheckpoints(_folder.Path, new FolderCheckpointFormat()).Newest());
        Assert.Equal(1000000, TrainingCheckpoints.StepOf(_folder["step-1000000"]));
        Assert.Null(TrainingCheckpoints.StepOf(_folder["step-0000001"]));
        Assert.Equal(_folder["step-999999"], TrainingCheckpoints.Before(_folder["step-1000000"]));
    }

    [Fact]
    public void A_folder_that_another_run_uses_is_refused_with_its_process()
    {
        using var first = new TrainingSession(Options(3));
        using var second = new TrainingSession(Options(3));
        var message = "";
        first.Trainer.Run(step =>
        {
            if (step.Step == 1)
            {
                message = Assert.Throws<TrainingCheckpointException>(() => second.Trainer.Run()).Message;
            }
        });
        Assert.Contains($"in use by process {Environment.ProcessId}", message, StringComparison.Ordinal);
        Assert.True(second.Trainer.Resume());
    }

    [Fact]
    public void Another_model_data_rank_and_dropout_are_all_named_at_resume()
    {
        using (var session = new TrainingSession(Options(3)))
        {
            Train(session);
        }

        using var other = new TrainingSession(Options(3) with { Beta1 = 0.8 }, model: "qwen2", adapters: new() { Rank = 3, Dropout = 0.1 });
        var message = Assert.Throws<TrainingCheckpointException>(() => other.Trainer.Resume()).Message;
        Assert.All((string[])["with model = ", "\"Rank\":2", "\"Rank\":3", "\"Dropout\":0.1", "Beta1 = 0.9, now it is 0.8"], part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public void More_steps_are_no_other_run()
    {
        using (var session = new TrainingSession(Options(3)))
        {
            Train(session);
        }

        using var longer = new TrainingSession(Options(5));
        Assert.True(longer.Trainer.Resume());
        Assert.Equal([4, 5], longer.Run().Select(step => step.Step));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_damaged_checkpoint_names_the_one_before_it_from_which_a_run_goes_on(bool isGone)
    {
        using (var session = new TrainingSession(Options(6) with { CheckpointEvery = 3 }))
        {
            Train(session);
        }

        var damaged = Path.Combine(_folder["step-000006"], "optimizer.safetensors");
        File.WriteAllBytes(damaged, File.ReadAllBytes(damaged)[..^1]);
        using var resumed = new TrainingSession(Options(6) with { CheckpointEvery = 3 });
        Assert.Contains($"Move it out of the folder, and the run resumes from the one before it, {_folder["step-000003"]};", Assert.Throws<TrainingCheckpointException>(() => resumed.Trainer.Resume()).Message, StringComparison.Ordinal);
        if (isGone)
        {
            Directory.Delete(_folder["step-000006"], recursive: true);
            Assert.True(resumed.Trainer.Resume());
        }
        else
        {
            resumed.Trainer.Resume(_folder["step-000003"]);
        }

        Assert.Equal([4, 5, 6], resumed.Run().Select(step => step.Step));
        Assert.Equal([.. isGone ? Array.Empty<string>() : ["set-aside-step-000006"], "step-000003", "step-000006"], Directories());
    }

    [Theory]
    [InlineData("\"Step\": 3", "\"Step\": -5")]
    [InlineData("\"Step\": 3", "\"Step\": 1000000")]
    public void A_step_that_is_not_the_folders_is_damage(string then, string now)
    {
        using (var session = new TrainingSession(Options(3)))
        {
            Train(session);
        }

        var description = Path.Combine(_folder["step-000003"], "training.json");
        File.WriteAllText(description, File.ReadAllText(description).Replace(then, now, StringComparison.Ordinal));
        using var resumed = new TrainingSession(Options(3));
        Assert.Contains("damaged", Assert.Throws<TrainingCheckpointException>(() => resumed.Trainer.Resume()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_ends_the_run_with_a_sentence_and_keeps_the_last_one()
    {
        using var session = new TrainingSession(Options(6) with { CheckpointEvery = 2, CheckpointFormat = new FullDisk(after: 1) });
        var exception = Assert.Throws<TrainingCheckpointException>(() => session.Trainer.Run());
        Assert.Contains("step 4 can't be written", exception.Message, StringComparison.Ordinal);
        Assert.Contains("No space left on device", exception.Message, StringComparison.Ordinal);
        Assert.Contains(_folder["step-000002"], exception.Message, StringComparison.Ordinal);
        Assert.Equal(["step-000002"], Directories());
    }

    [Fact]
    public void A_folder_that_vanished_is_made_again()
    {
        using var session = new TrainingSession(Options(4) with { CheckpointEvery = 2 });
        session.Trainer.Run(step =>
        {
            if (step.Step == 3)
            {
                Directory.Delete(_folder.Path, recursive: true);
            }
        });
        Assert.Equal(["step-000004"], Directories());
    }

    [Fact]
    public void Dropout_draws_the_same_in_a_resumed_run()
    {
        var adapters = new LoraConfig { Rank = 2, Dropout = 0.3 };
        using var whole = new TrainingSession(Options(6) with { CheckpointDirectory = null }, adapters: adapters);
        Train(whole);
        using (var first = new TrainingSession(Options(6) with { CheckpointEvery = 3 }, adapters: adapters))
        {
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => first.Trainer.Run(
                step =>
                {
                    if (step.Step == 3)
                    {
                        stop.Cancel();
                    }
                },
                stop.Token));
        }

        using var drawn = rand(5);
        using var resumed = new TrainingSession(Options(6) with { CheckpointEvery = 3 }, adapters: adapters);
        Assert.True(resumed.Trainer.Resume());
        using var drawnSince = rand(7);
        Train(resumed);
        Assert.Equal(whole.Values(), resumed.Values());
        using var without = new TrainingSession(Options(6) with { CheckpointDirectory = null });
        Train(without);
        Assert.NotEqual(without.Values(), whole.Values());
    }

    [Fact]
    public void A_step_that_is_not_finite_is_skipped_where_that_is_asked_for_and_names_its_rows()
    {
        var options = Options(6) with { CheckpointDirectory = null };
        using var stopping = new TrainingSession(options, batches: new NamedBatches());
        var exception = Assert.Throws<NonFiniteLossException>(() => stopping.Trainer.Run(step => Spoil(stopping, step.Step == 2)));
        Assert.Equal(["row 2"], exception.Rows);
        Assert.Contains("Rows of its batch: row 2.", exception.Message, StringComparison.Ordinal);

        using var skipping = new TrainingSession(options with { OnNonFinite = NonFinitePolicy.Skip });
        var steps = new List<TrainingStep>();
        skipping.Trainer.Run(step =>
        {
            steps.Add(step);
            Spoil(skipping, step.Step == 2);
            Spoil(skipping, step.Step == 4, back: true);
        });
        Assert.Equal([false, false, true, true, false, false], steps.Select(step => step.IsSkipped));
        Assert.All(skipping.Values(), value => Assert.True(float.IsFinite(value)));
    }

    /// <summary>A share of what <c>build/kill-training</c> does.</summary>
    [Fact]
    public void A_run_that_is_killed_at_random_moments_loses_no_checkpoint_and_ends_with_the_same_numbers()
    {
        var killed = KilledTraining.Run(kills: 5, seed: 3);
        Assert.True(killed is { Kills: 5, Lost: 0, Broken: 0, IsEqual: true }, killed.ToString());
    }

    private static void Spoil(TrainingSession session, bool now, bool back = false)
    {
        if (now)
        {
            using var grad = no_grad();
            session.Transform.Parameters.Single(parameter => parameter.Name == "mean.bias").Value.fill_(back ? 0 : float.NaN);
        }
    }

    private static void Train(TrainingSession session) => session.Run();

    [Theory]
    [InlineData("\"transform.samples\": 2", "\"transform.samples\": 7")]
    [InlineData("\"Step\": 2", "\"Step\": 3")]
    public void A_description_that_is_not_what_was_written_is_refused(string written, string changed)
    {
        using (var session = new TrainingSession(Options(2)))
        {
            session.Run();
        }

        var file = Path.Combine(_folder["step-000002"], "training.json");
        var text = File.ReadAllText(file);
        Assert.Contains(written, text, StringComparison.Ordinal);
        File.WriteAllText(file, text.Replace(written, changed, StringComparison.Ordinal));
        using var resumed = new TrainingSession(Options(2));
        Assert.Contains("training.json is not what was written", Assert.Throws<TrainingCheckpointException>(() => resumed.Trainer.Resume()).Message, StringComparison.Ordinal);
    }

    private TrainingOptions Options(int steps) => new() { Steps = steps, WarmupSteps = 2, CheckpointDirectory = _folder.Path, CheckpointEvery = 100 };

    private string[] Directories() => [.. Directory.GetDirectories(_folder.Path).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    private sealed class NamedBatches : ITokenBatches
    {
        private readonly RandomBatches _batches = new(40);

        public TokenBatch At(long step) => _batches.At(step);

        public IReadOnlyList<string> RowsAt(long step) => [$"row {step}"];
    }

    private sealed class FullDisk(int after) : ICheckpointFormat
    {
        private readonly FolderCheckpointFormat _format = new();
        private int _written;

        public void Write(string directory, TrainingState state)
        {
            _format.Write(directory, state);
            if (_written++ == after)
            {
                throw new IOException("No space left on device");
            }
        }

        public void Read(string directory, TrainingState state) => _format.Read(directory, state);
    }
}
