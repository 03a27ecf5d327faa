using Jigsaw.Evaluation.Attacks;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Steps;
using Jigsaw.Training;

namespace Jigsaw.Benchmarks.Training;

/// <summary>The quick start's training: its model, its chats, its transform, its recipe with a filter or without.</summary>
internal sealed class SupportWork : ChatWork
{
    private const int EvaluationBatch = 25;

    private readonly TrainingOptions _options;

    public SupportWork(long seed, int steps, double filter)
        : base(Scale.QuickstartModel, rank: 8, batchSize: 16, seed)
    {
        Jigsaw = SupportRecipe.Bind(Teacher, Student, SupportRecipe.Defaults with { GradientFilter = filter });
        _options = new TrainingOptions { Steps = steps };
    }

    public JigsawLoss<SupportRecipe.Components, SupportRecipe.Hyperparameters> Jigsaw { get; }

    /// <summary>Trains to the end.</summary>
    /// <returns>The mean of the loss over the last tenth of the steps.</returns>
    public double Train()
    {
        var losses = new List<double>();
        using var trainer = new Trainer(Jigsaw, Transform, Batches, _options);
        trainer.Run(step => losses.Add(step.Loss));
        return losses.TakeLast(Math.Max(losses.Count / 10, 1)).Average();
    }

    /// <summary>On held-out chats: how well the passes agree with the teacher, and the share of tokens that the nearest embedding recovers.</summary>
    public (AgreementMetric Agreement, DivergenceMetric Divergence, NoiseMetric Noise, double Recovered) Evaluate()
    {
        var chats = Chats("eval.jsonl").Examples.Chunk(EvaluationBatch)
            .Select(rows => (Batch: Tokenizer.ApplyChatTemplate([.. rows.Select(row => row.Messages)], ignorePromptLoss: true), Facts: (IReadOnlyList<IReadOnlyCollection<string>>)[.. rows.Select(_ => Array.Empty<string>())]))
            .ToArray();
        using var nearest = new NearestNeighborAttack(Model.EmbeddingTable);
        var (agreement, divergence, noise) = (new AgreementMetric(), new DivergenceMetric(), new NoiseMetric(Transform));
        MetricEvaluator.Run([agreement, divergence, noise], Model, Student.Adapters, Transform, chats.Select(chat => chat.Batch));
        var recovered = InversionAttackEvaluator.Run([nearest], Transform, chats, ids => Tokenizer.Tokenizer.Decode(ids))[0].TokenAccuracy!.Value;
        foreach (var (batch, _) in chats)
        {
            batch.Dispose();
        }

        return (agreement, divergence, noise, recovered);
    }
}
