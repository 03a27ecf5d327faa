using Jigsaw.Runtime.Tests.Training;
using Jigsaw.Batches;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Evaluation;

public sealed class EvaluationTests : IDisposable
{
    private readonly CausalLM _model = CausalLM.Load(TestData.Path("models", "llama-gqa"), CPU, ScalarType.Float32);
    private readonly RandomBatches _batches;

    public EvaluationTests() => _batches = new RandomBatches((int)_model.EmbeddingTable.shape[0]);

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Without_noise_and_with_fresh_adapters_everything_agrees_and_everything_is_read()
    {
        using var transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Min = 1e-6, Max = 2e-6 } });
        using var adapters = LoraAdapters.Create(_model, new LoraConfig { Rank = 2 }, seed: 0);
        using var batch = _batches.At(0);
        var report = AgreementEvaluator.Measure(_model, adapters, transform, [batch]);
        Assert.Equal(batch.LossMask.Count!.Value, (int)report.Tokens);
        foreach (var pass in new[] { report.StudentNoisy, report.TeacherNoisy, report.StudentClean })
        {
            Assert.Equal(1.0, pass.Agreement);
            Assert.InRange(pass.Divergence, -1e-6, 1e-6);
        }

        using var reader = new NearestNeighborAttack(_model.EmbeddingTable);
        var read = Assert.Single(Read([reader], transform, batch));
        Assert.Equal(1.0, read.Tokens);
        Assert.Equal(1.0, read.TokensInTopTen);
        Assert.Equal(1.0, read.Facts);
        Assert.Equal(4, read.FactCount);
    }

    [Fact]
    public void Under_heavy_noise_models_disagree_and_the_nearest_neighbor_reads_little()
    {
        using var transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Max = 200, InitialRho = 3 } });
        using var adapters = LoraAdapters.Create(_model, new LoraConfig { Rank = 2 }, seed: 0);
        using var batch = _batches.At(0);
        var report = AgreementEvaluator.Measure(_model, adapters, transform, [batch]);
        Assert.True(report.TeacherNoisy.Agreement < 0.5);
        Assert.True(report.TeacherNoisy.Divergence > 0.01);
        Assert.Equal(1.0, report.StudentClean.Agreement);
        Assert.InRange(report.MeanStd, 190, 200);
        using var reader = new NearestNeighborAttack(_model.EmbeddingTable);
        Assert.True(Read([reader], transform, batch)[0].Tokens < 0.3);
    }

    [Fact]
    public void A_reader_with_the_embeddings_begins_as_the_nearest_neighbor()
    {
        using var transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Min = 1e-6, Max = 2e-6 } });
        using var batch = _batches.At(1_000_000);
        using var reader = TrainedInversionAttack.Fit(transform, _batches, new TrainedInversionAttackOptions { Steps = 1, Width = 64, Layers = 1, LearningRate = 1e-6 });
        Assert.True(Read([reader], transform, batch)[0].Tokens > 0.9);
    }

    [Theory]
    [InlineData(false, 0, 5e-3)]
    [InlineData(true, 6, 4e-2)]
    public void A_trained_reader_learns_what_the_transform_does(bool usesEmbeddingTable, float shift, double learningRate)
    {
        using var transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Max = 0.02, InitialRho = 0 } });
        using (no_grad())
        {
            transform.Parameters.Single(parameter => parameter.Name == "mean.bias").Value.fill_(shift);
        }

        var batches = new RandomBatches((int)_model.EmbeddingTable.shape[0], rows: 64);
        using var batch = batches.At(1_000_000);
        var options = new TrainedInversionAttackOptions { Width = 64, Layers = 1, LearningRate = learningRate, UsesEmbeddingTable = usesEmbeddingTable };
        using var begun = TrainedInversionAttack.Fit(transform, batches, options with { Steps = 1 });
        using var fitted = TrainedInversionAttack.Fit(transform, batches, options with { Steps = 200 });
        var read = Read([begun, fitted], transform, batch);
        Assert.True(read[1].Tokens > read[0].Tokens + 0.2, $"from {read[0].Tokens} to {read[1].Tokens}");
        Assert.True(read[1].Tokens > 0.7, $"after: {read[1].Tokens}");
    }

    [Fact]
    public void Fitting_a_reader_leaves_the_global_random_state_as_it_was()
    {
        using var transform = new StainedGlassTransform(_model.EmbeddingTable);
        using var before = random.get_rng_state();
        using var reader = TrainedInversionAttack.Fit(transform, _batches, new TrainedInversionAttackOptions { Steps = 1, Width = 16, Layers = 1 });
        using var after = random.get_rng_state();
        Assert.True(before.IsSame(after));
    }

    private static IReadOnlyList<InversionAttackReport> Read(IReadOnlyList<IInversionAttack> readers, StainedGlassTransform transform, TokenBatch batch)
    {
        // A row's fact is its third and fourth token, as the decoder below spells them.
        static string Spell(IReadOnlyList<int> ids) => string.Join(' ', ids);
        var facts = Enumerable.Range(0, batch.BatchSize)
            .Select(row => (IReadOnlyCollection<string>)[Spell([.. batch.HostIds.Span.Slice((row * batch.SequenceLength) + 2, 2).ToArray().Select(id => (int)id)])])
            .ToArray();
        return InversionAttackEvaluator.Measure(readers, transform, [(batch, facts)], Spell);
    }
}
