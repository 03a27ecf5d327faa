using Jigsaw.Data;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Steps;
using Jigsaw.Tokenization;
using Jigsaw.Training;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using Spectre.Console;

namespace Quickstart;

/// <summary>The whole of the quick start: load, evaluate, train, evaluate again, show, save.</summary>
internal sealed class QuickstartRun(QuickstartOptions options)
{
    private const int EvaluationBatch = 25;

    public void Run(CancellationToken cancellationToken)
    {
        using var model = CausalLM.Load(options.Model.FullName, options.Device, options.Precision);
        using var transform = new StainedGlassTransform(model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Min = 1e-3, Max = options.StdMax, InitialRho = options.InitialRho } }, options.Seed);
        using var teacher = new NoisyTeacher(model);
        var choice = RecipeChoice.Of(options.Recipe);
        using var student = new NoisyStudent(model, choice.Adapters, options.Seed);
        Run(model, choice.Bind(teacher, student, options.Steps, options.Hyperparameters?.FullName), choice, transform, cancellationToken);
    }

    private void Run(CausalLM model, BoundLoss jigsaw, RecipeChoice choice, StainedGlassTransform transform, CancellationToken cancellationToken)
    {
        var adapters = jigsaw.Student.Adapters;
        var tokenizer = new NoiseTokenizer(Tokenizer.Load(options.Model.FullName), options.Device) { NoiseRoles = ["user"] };
        var train = ChatDataset.Read(options.TrainingData.FullName);
        var evaluation = ChatDataset.Read(options.EvaluationData.FullName, options.EvaluationChats);
        Report.Introduce(options, model, train, evaluation, jigsaw.Plan);

        using var trials = new Trials(model, adapters, transform, tokenizer, evaluation, EvaluationBatch);
        using var nearest = new NearestNeighborAttack(model.EmbeddingTable);
        var before = trials.Measure([nearest]);

        var training = new TrainingOptions
        {
            Steps = options.Steps,
            LearningRate = choice.LearningRate,
            FinalLearningRateFraction = choice.FinalLearningRateFraction,
            ClipsApart = choice.ClipsApart,
            CheckpointDirectory = Path.Combine(options.Output.FullName, "checkpoints"),
        };
        using (var trainer = new Trainer(jigsaw, transform, new ChatBatches(train, tokenizer, options.BatchSize, options.Seed), training))
        {
            if (options.Resume)
            {
                AnsiConsole.WriteLine(trainer.Resume() ? $"Resumed after step {trainer.StepsDone}." : "No checkpoint to resume from: beginning anew.");
            }

            Report.Watch(training.Steps, progress => trainer.Run(progress, cancellationToken));
        }

        var (transformDirectory, adapterDirectory) = (Path.Combine(options.Output.FullName, "transform"), Path.Combine(options.Output.FullName, "adapter"));
        transform.Save(transformDirectory);
        adapters.Save(adapterDirectory);
        Report.Saved(transformDirectory, adapterDirectory);

        // The attacker's data is the training's, in another order.
        var pairs = new ChatBatches(train, tokenizer, options.BatchSize, options.Seed + 1);
        TrainedInversionAttack Fit(bool usesEmbeddingTable) => TrainedInversionAttack.Fit(
            transform,
            pairs,
            new TrainedInversionAttackOptions { Steps = options.AttackSteps, UsesEmbeddingTable = usesEmbeddingTable },
            Report.WatchAttack(options.AttackSteps),
            cancellation: cancellationToken);
        using var scratch = Fit(usesEmbeddingTable: false);
        using var informed = Fit(usesEmbeddingTable: true);
        Report.Compare(before, trials.Measure([nearest, scratch, informed]));
        Report.Show(trials.Converse([nearest, scratch, informed]));
        if (options.Attacks != AttackSet.None)
        {
            var report = Attack(model, adapters, transform, tokenizer, evaluation, train, cancellationToken);
            var file = Path.Combine(options.Output.FullName, "attacks.json");
            File.WriteAllText(file, report.ToJson());
            Report.Attacks(report, file);
        }
    }

    /// <summary>The suite, as an attacker would who owns the transform and the training's chats.</summary>
    private AttackReport Attack(CausalLM model, IAdapters adapters, StainedGlassTransform transform, NoiseTokenizer tokenizer, ChatDataset evaluation, ChatDataset train, CancellationToken cancellationToken)
    {
        var suite = new AttackSuiteOptions { Attacks = options.Attacks, OtherChats = train.Examples, Adapters = adapters, Seed = options.Seed };
        return Report.WatchSuite(progress => AttackSuite.Run(model, transform, tokenizer, evaluation.Examples, options.Attacks == AttackSet.All ? suite with { DecoyValues = [10, 100, 1000], SearchedChats = 40, Facts = 1000 } : suite, progress, cancellationToken));
    }
}
