using Jigsaw.Evaluation;
using Jigsaw.Models;
using Jigsaw.Tokenization;
using Jigsaw.Training;
using Jigsaw.Transforms;
using Spectre.Console;
using static TorchSharp.torch;

namespace Quickstart;

/// <summary>The whole of the quick start: load, evaluate, train, evaluate again, show, save.</summary>
internal sealed class QuickstartRun(QuickstartOptions options)
{
    private const int EvaluationBatch = 25;

    public void Run(CancellationToken cancellation)
    {
        using var model = CausalLM.Load(options.Model.FullName, options.Device, options.Precision);
        var tokenizer = new NoiseTokenizer(Tokenizer.Load(options.Model.FullName), options.Device) { NoiseRoles = ["user"] };
        var train = ChatDataset.Read(options.TrainingData.FullName);
        var evaluation = ChatDataset.Read(options.EvaluationData.FullName, options.EvaluationChats);

        using var transform = new StainedGlassTransform(model.EmbeddingTable, new TransformConfig { StdMin = 1e-3, StdMax = options.StdMax, InitialRho = options.InitialRho }, options.Seed);
        using var teacher = new NoisyTeacher(model);
        using var student = new NoisyStudent(model, new LoraConfig { Rank = 8, Alpha = 16 }, options.Seed);
        var jigsaw = QuickstartRecipe.Bind(teacher, student, options.Hyperparameters is { } file ? QuickstartRecipe.Hyperparameters.Read(file.FullName) : QuickstartRecipe.Defaults);

        Report.Introduce(options, model, train, evaluation, jigsaw.Plan);
        using var trials = new Trials(model, student.Adapters, transform, tokenizer, evaluation, EvaluationBatch);
        using var nearest = new NearestNeighbourReader(model.EmbeddingTable);
        var before = trials.Measure([nearest]);

        var data = new ChatBatches(train, tokenizer, options.BatchSize, options.Seed);
        var training = new TrainingOptions
        {
            Steps = options.Steps,
            BatchSize = options.BatchSize,
            Seed = options.Seed,
            CheckpointDirectory = Path.Combine(options.Output.FullName, "checkpoints"),
        };
        using (var trainer = new Trainer<QuickstartRecipe.Components, QuickstartRecipe.Hyperparameters>(jigsaw, transform, data, training))
        {
            if (options.Resume)
            {
                AnsiConsole.WriteLine(trainer.Resume() ? $"Resumed after step {trainer.StepsDone}." : "No checkpoint to resume from: beginning anew.");
            }

            Report.Watch(training.Steps, progress => trainer.Run(progress, cancellation));
        }

        var attack = new ChatBatches(train, tokenizer, options.BatchSize, options.Seed + 1);
        using var trained = Report.WatchReader(options.ReaderSteps, progress =>
            TrainedReader.Fit(transform, model.EmbeddingTable.shape[0], attack, new TrainedReaderOptions { Steps = options.ReaderSteps }, progress, cancellation));
        var after = trials.Measure([nearest, trained]);

        Report.Compare(before, after);
        Report.Show(trials.Converse([nearest, trained]));
        var (transformDirectory, adapterDirectory) = (Path.Combine(options.Output.FullName, "transform"), Path.Combine(options.Output.FullName, "adapter"));
        transform.Save(transformDirectory);
        student.Adapters.Save(adapterDirectory);
        Report.Saved(transformDirectory, adapterDirectory);
    }
}
