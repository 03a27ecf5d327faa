using Jigsaw.Batches;
using Jigsaw.Losses;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Training;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Benchmarks.Steps;

/// <summary>A model with adapters and a transform, a batch of chats of 128 tokens, and training steps on them.</summary>
internal sealed class StepWork : IDisposable
{
    private readonly CausalLM _model;
    private readonly NoisyTeacher _teacher;
    private readonly NoisyStudent _student;
    private readonly StainedGlassTransform _transform;
    private readonly TokenBatch _batch;
    private readonly AdamW _optimizer;
    private readonly string _folder;
    private readonly TeacherCache _cache;

    public StepWork(string directory, ScalarType type, Device device, int chats, int tokens = 128)
    {
        _model = CausalLM.Load(directory, device, type);
        _teacher = new NoisyTeacher(_model);
        _student = new NoisyStudent(_model, new LoraConfig { Rank = 8 });
        _transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { InitialRho = -1 } });
        var random = new Random(1);
        var vocabulary = (int)Math.Min(_model.EmbeddingTable.shape[0], 2000);
        var all = Enumerable.Repeat(true, chats * tokens).ToArray();
        _batch = new TokenBatch([.. all.Select(_ => (long)random.Next(5, vocabulary))], all, all, all, chats, tokens, device);
        _optimizer = JigsawOptimizer.AdamW(_transform, _student, 1e-4);
        _folder = Directory.CreateTempSubdirectory("jigsaw-benchmark").FullName;
        _cache = new TeacherCache(_folder, _model);
    }

    public string Shape => $"{_model.LayerCount} layers of {_model.Config.HiddenSize}, {_model.EmbeddingTable.shape[0]} tokens";

    public CausalLM Model => _model;

    public StainedGlassTransform Transform => _transform;

    public JigsawLoss<FullRecipe.Components, FullRecipe.Hyperparameters> Full() => FullRecipe.Bind(_teacher, _student);

    public JigsawLoss<PerformanceRecipe.Components, PerformanceRecipe.Hyperparameters> Performance() => PerformanceRecipe.Bind(_teacher, _student);

    public JigsawLoss<WeightlessRecipe.Components, WeightlessRecipe.Hyperparameters> Weightless() => WeightlessRecipe.Bind(_teacher, _student);

    public JigsawLoss<GuardedRecipe.Components, GuardedRecipe.Hyperparameters> Guarded() => GuardedRecipe.Bind(_teacher, _student);

    public JigsawLoss<LayerRecipe.Components, LayerRecipe.Hyperparameters> Layer() => LayerRecipe.Bind(_teacher, _student);

    /// <summary>One forward of the bare model, including its logits, without a gradient.</summary>
    public void Forward()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var states = _model.Run(_model.Embed(_batch.InputIds), _batch.AttentionMask);
        _ = _model.Head.Logits(states.Last!);
    }

    /// <summary>The layers of one forward over the batch twice, or of two over the batch, without logits.</summary>
    public void TwoForwards(bool together)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        if (together)
        {
            var mask = cat([_batch.AttentionMask.Value, _batch.AttentionMask.Value]);
            _model.Run(_model.Embed(cat([_batch.InputIds, _batch.InputIds])), RowMask.FromTensor(mask));
            return;
        }

        _model.Run(_model.Embed(_batch.InputIds), _batch.AttentionMask);
        _model.Run(_model.Embed(_batch.InputIds), _batch.AttentionMask);
    }

    /// <summary>A step by the closures: all forwards, the loss, one backward.</summary>
    public void Closures<TComponents, THyperparameters>(Func<JigsawLoss<TComponents, THyperparameters>> bind)
        where TComponents : ComponentLosses
        where THyperparameters : RecipeHyperparameters
    {
        using var scope = NewDisposeScope();
        var (loss, components, _) = bind();
        var noisy = _transform.Apply(_batch);
        _optimizer.zero_grad();
        _teacher.Forward(noisy);
        _student.Forward(noisy);
        loss(_batch.LossMask).backward();
        components().Dispose();
        _optimizer.step();
    }

    /// <summary>A step pass by pass.</summary>
    public void Step<TComponents, THyperparameters>(Func<JigsawLoss<TComponents, THyperparameters>> bind, bool rematerialize = false, bool cached = false)
        where TComponents : ComponentLosses
        where THyperparameters : RecipeHyperparameters
    {
        using var scope = NewDisposeScope();
        var jigsaw = bind();
        jigsaw.Rematerialize = rematerialize;
        _optimizer.zero_grad();
        _teacher.Cache = cached ? _cache : null;
        jigsaw.RunStep(_transform.Apply(_batch), _batch.LossMask).Dispose();
        _teacher.Cache = null;
        _optimizer.step();
    }

    /// <summary>Frees what steps keep for the next one.</summary>
    public void Release() => Performance().ReleaseMemory();

    public void Dispose()
    {
        _cache.Dispose();
        Directory.Delete(_folder, recursive: true);
        _optimizer.Dispose();
        _batch.Dispose();
        _transform.Dispose();
        _student.Dispose();
        _teacher.Dispose();
        _model.Dispose();
    }
}
