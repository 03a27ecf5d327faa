using Jigsaw.Data;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Tokenization;
using Jigsaw.Training;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using TorchSharp;

namespace Jigsaw.Benchmarks.Training;

/// <summary>The quick start's training: its model, its chats, its transform, its recipe with a filter or without.</summary>
internal sealed class SupportWork : IDisposable
{
    private const int BatchSize = 16;
    private const int EvaluationBatch = 25;

    private readonly string _directory;
    private readonly NoiseTokenizer _tokenizer;
    private readonly TrainingOptions _options;

    public SupportWork(string directory, long seed, int steps, double filter)
    {
        _directory = directory;
        Model = CausalLM.Load(directory, torch.CPU, torch.ScalarType.Float32);
        Transform = new StainedGlassTransform(Model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Min = 1e-3, Max = 4, InitialRho = -1 } }, seed);
        Teacher = new NoisyTeacher(Model);
        Student = new NoisyStudent(Model, new LoraConfig { Rank = 8, Alpha = 16 }, seed);
        Jigsaw = SupportRecipe.Bind(Teacher, Student, SupportRecipe.Defaults with { GradientFilter = filter });
        _tokenizer = new NoiseTokenizer(Tokenizer.Load(directory)) { NoiseRoles = ["user"] };
        _options = new TrainingOptions { Steps = steps };
        Batches = new ChatBatches(ChatDataset.Read(Path.Combine(directory, "data", "train.jsonl")), _tokenizer, BatchSize, seed);
    }

    public CausalLM Model { get; }

    public StainedGlassTransform Transform { get; }

    public NoisyTeacher Teacher { get; }

    public NoisyStudent Student { get; }

    public JigsawLoss<SupportRecipe.Components, SupportRecipe.Hyperparameters> Jigsaw { get; }

    public ChatBatches Batches { get; }

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
        var chats = ChatDataset.Read(Path.Combine(_directory, "data", "eval.jsonl")).Examples.Chunk(EvaluationBatch)
            .Select(rows => (Batch: _tokenizer.ApplyChatTemplate([.. rows.Select(row => row.Messages)], ignorePromptLoss: true), Facts: (IReadOnlyList<IReadOnlyCollection<string>>)[.. rows.Select(_ => Array.Empty<string>())]))
            .ToArray();
        using var nearest = new NearestNeighborAttack(Model.EmbeddingTable);
        var (agreement, divergence, noise) = (new AgreementMetric(), new DivergenceMetric(), new NoiseMetric(Transform));
        MetricEvaluator.Run([agreement, divergence, noise], Model, Student.Adapters, Transform, chats.Select(chat => chat.Batch));
        var recovered = InversionAttackEvaluator.Run([nearest], Transform, chats, ids => _tokenizer.Tokenizer.Decode(ids))[0].TokenAccuracy;
        foreach (var (batch, _) in chats)
        {
            batch.Dispose();
        }

        return (agreement, divergence, noise, recovered);
    }

    public void Dispose()
    {
        Student.Dispose();
        Teacher.Dispose();
        Transform.Dispose();
        Model.Dispose();
    }
}
