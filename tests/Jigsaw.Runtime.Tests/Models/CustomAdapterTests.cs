using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Runtime.Tests.Training;
using Jigsaw.Steps;
using Jigsaw.Training;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

/// <summary>Adapters of another kind than low-rank ones on a model of a checkpoint: a scale for each output of a map (arXiv 2205.05638).</summary>
public sealed class CustomAdapterTests : IDisposable
{
    private readonly CausalLM _model = CausalLM.Load(TestData.Path("models", "llama-gqa"), CPU, ScalarType.Float32);
    private readonly OutputScales _scales;

    public CustomAdapterTests() => _scales = new OutputScales(_model);

    public void Dispose()
    {
        _scales.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void They_are_trained_by_a_recipe()
    {
        using var teacher = new NoisyTeacher(_model);
        using var student = new NoisyStudent(_model, _scales);
        using var transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { InitialRho = 0 } }, seed: 1);
        using var trainer = new Trainer(TrajectoryRecipe.Bind(teacher, student), transform, new RandomBatches((int)_model.EmbeddingTable.shape[0], different: 1), new TrainingOptions { Steps = 30, WarmupSteps = 3, LearningRate = 1e-2 });
        var losses = new List<double>();
        trainer.Run(step => losses.Add(step.Loss));
        Assert.True(losses[^1] < losses[0], $"{losses[0]} to {losses[^1]}");
        Assert.All(_scales.NamedParameters, scale => Assert.True(scale.Value.abs().max().item<float>() > 1e-3, scale.Name));
    }

    [Fact]
    public void Merged_ones_give_the_logits_of_applied_ones()
    {
        using var scope = NewDisposeScope();
        using var batch = new RandomBatches((int)_model.EmbeddingTable.shape[0]).At(0);
        var embeddings = _model.Embed(batch.InputIds);
        var bare = _model.Run(embeddings, batch.AttentionMask).Last!;
        using (no_grad())
        {
            foreach (var (_, scale) in _scales.NamedParameters)
            {
                scale.fill_(0.1f);
            }
        }

        var applied = _model.Run(embeddings, batch.AttentionMask, _scales).Last!;
        _model.Merge(_scales);
        var merged = _model.Run(embeddings, batch.AttentionMask).Last!;
        _model.Unmerge();
        Assert.False(applied.allclose(bare, rtol: 1e-3, atol: 1e-3));
        Assert.True(applied.allclose(merged, rtol: 1e-4, atol: 1e-5));
    }

    private sealed class OutputScales : IAdapters
    {
        private readonly Dictionary<string, Scale> _scales = [];

        public OutputScales(CausalLM model)
        {
            // Every map of the second layer, beside each other and alone.
            foreach (var linear in model.Linears.Where(linear => linear.Module.Contains("layers.1.", StringComparison.Ordinal)))
            {
                var parameter = new Parameter(zeros(linear.OutputSize));
                _scales.Add(linear.Module, new Scale(linear.Weight, parameter));
            }
        }

        public bool Training { get; set; }

        public IEnumerable<(string Name, Parameter Value)> NamedParameters => _scales.Select(pair => (pair.Key + ".scale", pair.Value.Factors));

        public ILinearAdapter? Find(string module) => _scales.GetValueOrDefault(module);

        public void Dispose()
        {
            foreach (var scale in _scales.Values)
            {
                scale.Factors.Dispose();
            }
        }
    }

    /// <summary>Adds l·(W·x) to W·x, l for each output.</summary>
    private sealed record Scale(Tensor Weight, Parameter Factors) : ILinearAdapter
    {
        public Tensor Apply(Tensor input) => nn.functional.linear(input, Weight) * Factors;

        public Tensor Delta() => Weight * Factors.unsqueeze(1);
    }
}
