using Jigsaw.Training;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

public sealed class TrainerTests : IDisposable
{
    private const int Steps = 8;

    private readonly string _directory = Directory.CreateTempSubdirectory("jigsaw-training").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_run_that_was_stopped_resumes_to_the_same_numbers() => StopAndResume(CPU);

    [CudaFact]
    public void A_run_on_cuda_that_was_stopped_resumes_to_the_same_numbers() => StopAndResume(CUDA);

    private void StopAndResume(Device device)
    {
        using var whole = new TrainingSession(Options(), device: device);
        var expected = whole.Run();
        using (var stopped = new TrainingSession(Options(_directory), device: device))
        {
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => stopped.Trainer.Run(
                step =>
                {
                    if (step.Step == 5)
                    {
                        stop.Cancel();
                    }
                },
                stop.Token));
        }

        using var resumed = new TrainingSession(Options(_directory), device: device);
        Assert.True(resumed.Trainer.Resume());
        Assert.Equal(5, resumed.Trainer.StepsDone);
        var found = resumed.Run();
        Assert.Equal(expected.Skip(5).SelectMany(step => step.Components.Values), found.SelectMany(step => step.Components.Values));
        Assert.Equal(expected.Skip(5).Select(step => step.GradientNorm), found.Select(step => step.GradientNorm));
        Assert.Equal(whole.Values(), resumed.Values());
    }

    [Fact]
    public void Seed_and_count_of_the_noise_are_in_the_checkpoint_and_not_in_the_transform()
    {
        using (var session = new TrainingSession(Options(_directory)))
        {
            session.Run();
        }

        var checkpoint = Directory.GetDirectories(_directory).Order(StringComparer.Ordinal).Last();
        var training = File.ReadAllText(Path.Combine(checkpoint, "training.json"));
        Assert.Contains("\"transform.samples\": 8", training, StringComparison.Ordinal);
        Assert.Contains("\"transform\\u0027s seed\": \"1\"", training, StringComparison.Ordinal);
        var transform = File.ReadAllText(Path.Combine(checkpoint, "transform", "sgt_config.json"));
        Assert.DoesNotContain("seed", transform, StringComparison.Ordinal);
        Assert.DoesNotContain("samples", transform, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_whose_transform_still_holds_seed_and_count_resumes_to_the_same_numbers()
    {
        using var whole = new TrainingSession(Options());
        whole.Run();
        using (var stopped = new TrainingSession(Options(_directory) with { Steps = Steps, CheckpointEvery = 5 }))
        {
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => stopped.Trainer.Run(_ => stop.Cancel(), stop.Token));
        }

        // As it was written while a transform's file had them: another text, under its own hash, in a description that has none of itself.
        var checkpoint = Assert.Single(Directory.GetDirectories(_directory));
        var (file, description) = (Path.Combine(checkpoint, "transform", "sgt_config.json"), Path.Combine(checkpoint, "training.json"));
        var hash = Hash(file);
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"config\":", "\"seed\": 1, \"samples\": 1, \"config\":", StringComparison.Ordinal));
        Assert.NotEqual(hash, Hash(file));
        File.WriteAllText(description, File.ReadAllText(description).Replace(hash, Hash(file), StringComparison.Ordinal).Replace("\"Version\": 3", "\"Version\": 2", StringComparison.Ordinal));

        using var resumed = new TrainingSession(Options(_directory) with { CheckpointEvery = 5 });
        Assert.True(resumed.Trainer.Resume());
        Assert.Equal(1, resumed.Trainer.StepsDone);
        resumed.Run();
        Assert.Equal(whole.Values(), resumed.Values());

        static string Hash(string path) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));
    }

    [Fact]
    public void A_transform_with_secure_noise_is_not_trained_by_a_run_that_could_not_resume()
    {
        using var session = new TrainingSession(Options());
        using var secure = session.Transform.WithSecureNoise();
        var exception = Assert.Throws<ArgumentException>(() => new Trainer(session.Loss, secure, new RandomBatches(40), Options()));
        Assert.Contains("LoadForTraining", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_with_a_gradient_filter_resumes_to_the_same_numbers()
    {
        var options = Options() with { Steps = 24 };
        using var whole = new TrainingSession(options, bind: (teacher, student) => FilteredRecipe.Bind(teacher, student));
        var expected = whole.Run();
        using (var stopped = new TrainingSession(options with { CheckpointDirectory = _directory, CheckpointEvery = 1000 }, bind: (teacher, student) => FilteredRecipe.Bind(teacher, student)))
        {
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => stopped.Trainer.Run(
                step =>
                {
                    if (step.Step == 17)
                    {
                        stop.Cancel();
                    }
                },
                stop.Token));
        }

        using var resumed = new TrainingSession(options with { CheckpointDirectory = _directory, CheckpointEvery = 1000 }, bind: (teacher, student) => FilteredRecipe.Bind(teacher, student));
        Assert.True(resumed.Trainer.Resume());

        // By now the filter leaves columns out, and a filter that started learning again would not.
        Assert.Contains(resumed.Loss.SaveState(), entry => entry.Key.EndsWith("holds", StringComparison.Ordinal) && entry.Value == 1);
        var found = resumed.Run();
        Assert.Equal(expected.Skip(17).SelectMany(step => step.Components.Values), found.SelectMany(step => step.Components.Values));
        Assert.Equal(whole.Values(), resumed.Values());
    }

    [Fact]
    public void A_run_with_terms_on_some_steps_resumes_to_the_same_numbers()
    {
        static TrainingSession Session(TrainingOptions options) => new(options, bind: (teacher, student) => SomeStepsRecipe.Bind(teacher, student));
        using var whole = Session(Options());
        var expected = whole.Run();
        using (var stopped = Session(Options(_directory)))
        {
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => stopped.Trainer.Run(
                step =>
                {
                    if (step.Step == 3)
                    {
                        stop.Cancel();
                    }
                },
                stop.Token));
        }

        using var resumed = Session(Options(_directory));
        Assert.True(resumed.Trainer.Resume());
        var found = resumed.Run();
        Assert.Equal(expected.Skip(3).SelectMany(step => step.Components), found.SelectMany(step => step.Components));
        Assert.Equal(whole.Values(), resumed.Values());
        Assert.Equal([1, 5], expected.Where(step => step.Components.ContainsKey("apart")).Select(step => step.Step));
    }

    [Fact]
    public void A_term_that_a_run_evaluates_once_is_refused()
    {
        var exception = Assert.Throws<ArgumentException>(() => new TrainingSession(Options() with { Steps = 3 }, bind: (teacher, student) => SomeStepsRecipe.Bind(teacher, student)));
        Assert.Contains("Every of 'jigsaw_ce_protection_loss' is 4, but the run has 3 steps", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_loss_of_one_batch_falls()
    {
        using var session = new TrainingSession(Options() with { Steps = 30, WarmupSteps = 3 }, differentBatches: 1);
        var steps = session.Run();
        Assert.True(steps[^1].Loss < steps[0].Loss, $"{steps[0].Loss} to {steps[^1].Loss}");
    }

    [Fact]
    public void A_truncated_checkpoint_is_skipped()
    {
        using (var session = new TrainingSession(Options(_directory)))
        {
            session.Run();
        }

        Directory.CreateDirectory(Path.Combine(_directory, ".unfinished-step-000009"));
        Assert.EndsWith("step-000008", new TrainingCheckpoints(_directory, new FolderCheckpointFormat()).Newest()!, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetDirectories(_directory, "step-*").Length);
    }

    [Theory]
    [InlineData("optimizer.safetensors")]
    [InlineData("adapter/adapter_model.safetensors")]
    [InlineData("transform/sgt.safetensors")]
    [InlineData("training.json")]
    public void A_damaged_checkpoint_is_named(string file)
    {
        using (var session = new TrainingSession(Options(_directory)))
        {
            session.Run();
        }

        var path = Path.Combine(_directory, "step-000008", file);
        var bytes = File.ReadAllBytes(path);
        bytes[^3] ^= 0x55;
        File.WriteAllBytes(path, bytes);
        using var resumed = new TrainingSession(Options(_directory));
        var before = resumed.Values();
        var exception = Assert.Throws<TrainingCheckpointException>(() => resumed.Trainer.Resume());
        Assert.Contains("damaged", exception.Message, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(file), exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, resumed.Values());
    }

    [Fact]
    public void A_run_with_other_options_or_numbers_does_not_resume()
    {
        using (var session = new TrainingSession(Options(_directory)))
        {
            session.Run();
        }

        using var other = new TrainingSession(Options(_directory) with { LearningRate = 1e-3 });
        Assert.Contains("LearningRate = 0.002, now it is 0.001", Assert.Throws<TrainingCheckpointException>(() => other.Trainer.Resume()).Message, StringComparison.Ordinal);
        using var numbers = new TrainingSession(Options(_directory), TrajectoryRecipe.Defaults with { MedianNormWeight = 0.2 });
        Assert.Contains("median_norm_penalty_weight = 0.1, now it is 0.2", Assert.Throws<TrainingCheckpointException>(() => numbers.Trainer.Resume()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_run_does_not_write_among_the_checkpoints_of_another()
    {
        using (var session = new TrainingSession(Options(_directory)))
        {
            session.Run();
        }

        using var second = new TrainingSession(Options(_directory));
        Assert.Throws<TrainingCheckpointException>(() => second.Trainer.Run());
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_the_run_with_step_and_term_and_keeps_the_last_checkpoint()
    {
        using var session = new TrainingSession(Options(_directory) with { CheckpointEvery = 2 });
        var exception = Assert.Throws<NonFiniteLossException>(() => session.Trainer.Run(step =>
        {
            if (step.Step == 4)
            {
                using var noGrad = no_grad();
                session.Transform.Parameters.Single(parameter => parameter.Name == "mean.bias").Value.fill_(float.NaN);
            }
        }));
        Assert.Equal(5, exception.Step);
        Assert.Equal("jigsaw_ce_performance_loss", exception.Term);
        Assert.Contains("step-000004", exception.Message, StringComparison.Ordinal);
        Assert.Equal(4, session.Trainer.StepsDone);
        using var resumed = new TrainingSession(Options(_directory) with { CheckpointEvery = 2 });
        Assert.True(resumed.Trainer.Resume());
        Assert.Equal(4, resumed.Run().Count);
    }

    [Fact]
    public void Every_trained_tensor_moves()
    {
        using var session = new TrainingSession(Options() with { Steps = 2 });
        var before = session.Named().ToDictionary(pair => pair.Name, pair => pair.Value.clone());
        session.Run();
        Assert.All(session.Named(), pair => Assert.False(pair.Value.IsSame(before[pair.Name]), $"{pair.Name} has not moved"));
    }

    private static TrainingOptions Options(string? directory = null) => new() { Steps = Steps, WarmupSteps = 2, CheckpointDirectory = directory, CheckpointEvery = 3 };
}
