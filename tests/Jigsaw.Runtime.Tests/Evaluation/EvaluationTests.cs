using System.Globalization;
using Jigsaw.Runtime.Tests.Training;
using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Processes;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Evaluation;

public sealed class EvaluationTests : IDisposable
{
    private static readonly Pass[] _compared = [Pass.StudentNoisy, Pass.TeacherNoisy, Pass.StudentClean];

    private readonly CausalLM _model = CausalLM.Load(TestData.Path("models", "llama-gqa"), CPU, ScalarType.Float32);
    private readonly LoraAdapters _adapters;
    private readonly RandomBatches _batches;

    public EvaluationTests()
    {
        _batches = new RandomBatches((int)_model.EmbeddingTable.shape[0]);
        _adapters = LoraAdapters.Create(_model, new LoraConfig { Rank = 2 }, seed: 0);
    }

    public void Dispose()
    {
        _adapters.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void Without_noise_and_with_fresh_adapters_everything_agrees_and_everything_is_recovered()
    {
        using var transform = Quiet();
        using var batch = _batches.At(0);
        var (agreement, divergence, crossEntropy) = (new AgreementMetric(), new DivergenceMetric(), new CrossEntropyMetric());
        Evaluate([agreement, divergence, crossEntropy], transform, batch);
        Assert.Equal(batch.LossMask.Count!.Value, (int)agreement.Tokens);
        foreach (var pass in _compared)
        {
            Assert.Equal(1.0, agreement[pass]);
            Assert.InRange(divergence[pass], -1e-6, 1e-6);
            Assert.Equal(crossEntropy[Pass.TeacherClean], crossEntropy[pass], 1e-4);
        }

        using var attack = new NearestNeighborAttack(_model.EmbeddingTable);
        var report = Assert.Single(Attack([attack], transform, batch));
        Assert.Equal("nearest neighbor", report.Attack);
        Assert.Equal("the embedding table", report.Knowledge);
        Assert.Equal(1.0, report.TokenAccuracy);
        Assert.Equal(1.0, report.TopTenAccuracy);
        Assert.Equal(1.0, report.FactRecall);
        Assert.Equal(batch.NoiseMask.Count!.Value, (int)report.TokenCount);
        Assert.Equal(4, report.FactCount);
    }

    [Fact]
    public void Under_heavy_noise_models_disagree_and_the_nearest_neighbor_recovers_little()
    {
        using var transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Max = 200, InitialRho = 3 } });
        using var batch = _batches.At(0);
        var (agreement, divergence, noise) = (new AgreementMetric(), new DivergenceMetric(), new NoiseMetric(transform));
        Evaluate([agreement, divergence, noise], transform, batch);
        Assert.True(agreement[Pass.TeacherNoisy] < 0.5);
        Assert.True(divergence[Pass.TeacherNoisy] > 0.01);
        Assert.Equal(1.0, agreement[Pass.StudentClean]);
        Assert.InRange(noise.MeanStd, 190, 200);
        Assert.Equal(batch.NoiseMask.Count!.Value, (int)noise.Tokens);
        using var attack = new NearestNeighborAttack(_model.EmbeddingTable);
        Assert.True(Attack([attack], transform, batch)[0].TokenAccuracy < 0.3);
    }

    [Fact]
    public void Cross_entropy_is_that_of_the_token_behind_each_counted_row()
    {
        using var transform = Quiet();
        using var batch = _batches.At(0);
        var metric = new CrossEntropyMetric();
        Evaluate([metric], transform, batch);

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var logits = _model.Head.Logits(_model.Run(transform.Apply(batch).Clean, batch.AttentionMask).Last!.flatten(0, 1));
        var targets = batch.InputIds.roll(-1, 1).flatten().masked_fill(batch.LossMask.Value.flatten().logical_not(), -100);
        Assert.Equal(nn.functional.cross_entropy(logits, targets).ToDouble(), metric[Pass.TeacherClean], 1e-5);
    }

    [Fact]
    public void A_metric_adds_further_batches_to_the_ones_before()
    {
        using var transform = Quiet();
        using var first = _batches.At(0);
        using var second = _batches.At(1);
        var (one, other, both) = (new CrossEntropyMetric(), new CrossEntropyMetric(), new CrossEntropyMetric());
        Evaluate([one, both], transform, first);
        Evaluate([other, both], transform, second);
        Assert.Equal(one.Tokens + other.Tokens, both.Tokens);
        Assert.Equal(
            (one[Pass.TeacherClean] * one.Tokens) + (other[Pass.TeacherClean] * other.Tokens),
            both[Pass.TeacherClean] * both.Tokens,
            1e-6);
    }

    [Fact]
    public void Processes_that_share_the_batches_all_have_the_figures_of_one()
    {
        using var transform = Quiet();
        using (no_grad())
        {
            foreach (var (_, parameter) in _adapters.NamedParameters)
            {
                parameter.add_(ones_like(parameter) * 0.02);
            }
        }

        using var first = _batches.At(0);
        using var second = _batches.At(1);
        var alone = Figures(null);
        var shared = new double[3][];
        var threads = ThreadGroup.Of(3).Select(group => new Thread(() => shared[group.Rank] = Figures(group))).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.InRange(alone[0], 0.01, 0.99);
        foreach (var figures in shared)
        {
            Assert.Equal(shared[0], figures);
            Assert.All(alone.Zip(figures), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * Math.Max(1, pair.First)));
        }

        Assert.Contains("UnsharedMetric measures in one process", Assert.Throws<NotSupportedException>(() => new UnsharedMetric().AddUp(ThreadGroup.Of(1)[0])).Message, StringComparison.Ordinal);

        double[] Figures(IProcessGroup? group)
        {
            using var scope = NewDisposeScope();
            var (agreement, divergence, noise, support) = (new AgreementMetric(), new DivergenceMetric(), new NoiseMetric(transform), new TopKUtilityMetric(Pass.StudentNoisy, 5));
            MetricEvaluator.Run([agreement, divergence, noise, support], _model, _adapters, transform, [first, second], group);
            using var attack = new NearestNeighborAttack(_model.EmbeddingTable);
            IReadOnlyCollection<string>[] facts = [.. Enumerable.Range(0, first.BatchSize).Select(_ => (string[])["1"])];
            var report = Assert.Single(InversionAttackEvaluator.Run([attack], transform, [(first, facts), (second, facts)], ids => string.Join(' ', ids), group));
            return
            [
                agreement[Pass.StudentNoisy], agreement[Pass.StudentClean], agreement.UnsureShare(Pass.StudentNoisy), agreement.Tokens, divergence[Pass.StudentNoisy], noise.MeanStd, noise.MeanShift, noise.Tokens,
                support.Overlap, support.JensenShannon, support.Tokens, report.TokenAccuracy!.Value, report.TopTenAccuracy!.Value, report.FactRecall!.Value, report.TokenCount, report.FactCount,
            ];
        }
    }

    private sealed class UnsharedMetric : Metric;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Each_pass_runs_once_per_batch_for_any_number_of_metrics(int metrics)
    {
        using var transform = Quiet();
        using var first = _batches.At(0);
        using var second = _batches.At(1);
        var counting = new CountingModel(_model);
        MetricEvaluator.Run([.. Enumerable.Range(0, metrics).Select(_ => new AgreementMetric())], counting, _adapters, transform, [first, second]);
        Assert.Equal((4, 4), (counting.BareRuns, counting.AdaptedRuns));
    }

    [Fact]
    public void Figures_of_the_noise_are_those_of_the_samples_themselves()
    {
        using var scope = NewDisposeScope();
        using var transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Max = 3, InitialRho = 0 } });
        using (no_grad())
        {
            transform.Parameters.Single(parameter => parameter.Name == "mean.bias").Value.fill_(0.7);
        }

        using var batch = _batches.At(0);
        var (metric, sample) = (new NoiseMetric(transform), transform.Apply(batch));
        metric.Add(sample);
        var rows = batch.NoiseMask.Rows!;
        Tensor Pick(Tensor values) => values.flatten(0, 1).index_select(0, rows).to(ScalarType.Float64);
        var (x, mean, noise) = (Pick(sample.Clean), Pick(sample.Means), Pick(sample.Noisy - sample.Clean));
        var draw = noise - mean;
        double Mean(Tensor values) => values.mean().item<double>();
        Assert.Equal(Mean(mean.norm(1) / (mean.norm(1) + draw.norm(1))), metric.MeanDominationPercent, 1e-5);
        Assert.Equal(Mean(mean.norm(1) / draw.norm(1)), metric.MeanDominationRatio, 1e-5);
        Assert.Equal(Mean((x * mean).sum(1) / x.norm(1) / mean.norm(1)), metric.MeanCosineSimilarity, 1e-5);
        Assert.Equal(Mean(noise.norm(1) / (x.norm(1) + noise.norm(1))), metric.NoiseDominationPercent, 1e-5);
        Assert.Equal(Mean(noise.norm(1) / x.norm(1)), metric.NoiseDominationRatio, 1e-4);
        Assert.Equal(Mean((x * noise).sum(1) / x.norm(1) / noise.norm(1)), metric.NoiseCosineSimilarity, 1e-5);
        Assert.Equal(0, new NoiseMetric(transform).NoiseDominationPercent);
    }

    [Fact]
    public void On_the_whole_vocabulary_the_support_changes_nothing()
    {
        using var transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Max = 200, InitialRho = 3 } });
        using var batch = _batches.At(0);
        var (whole, some, divergence, agreement) = (new TopKUtilityMetric(Pass.TeacherNoisy, 100_000), new TopKUtilityMetric(Pass.TeacherNoisy, 3), new DivergenceMetric(), new AgreementMetric());
        Evaluate([whole, some, divergence, agreement], transform, batch);
        Assert.Equal(divergence[Pass.TeacherNoisy], whole.Divergence, 1e-5);
        Assert.Equal(1.0, whole.Overlap);
        Assert.InRange(whole.JensenShannon, 1e-6, Math.Log(2));
        Assert.InRange(some.Overlap, 0, 0.9);

        // The untrained model gives no token 60 %.
        Assert.Equal(1.0, agreement.UnsureShare(Pass.TeacherNoisy));
        Assert.Equal(0, agreement.UnsureShare(Pass.StudentClean));
    }

    [Fact]
    public void A_pass_that_a_metric_does_not_measure_gets_a_sentence()
    {
        var exception = Assert.Throws<ArgumentException>(() => new AgreementMetric()[Pass.TeacherClean]);
        Assert.StartsWith("AgreementMetric does not measure TeacherClean; it measures StudentNoisy, TeacherNoisy, StudentClean.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_attack_with_the_embeddings_begins_as_the_nearest_neighbor()
    {
        using var transform = Quiet();
        using var batch = _batches.At(1_000_000);
        using var attack = TrainedInversionAttack.Fit(transform, _batches, new TrainedInversionAttackOptions { Steps = 1, Width = 64, Layers = 1, LearningRate = 1e-6 });
        Assert.True(Attack([attack], transform, batch)[0].TokenAccuracy > 0.9);
    }

    [Fact]
    public void Facts_that_are_not_in_the_transformed_text_are_not_asked_for_and_no_token_gives_no_share()
    {
        using var transform = Quiet();
        using var batch = _batches.At(0);
        using var attack = new NearestNeighborAttack(_model.EmbeddingTable);
        static string Spell(IReadOnlyList<int> ids) => string.Join(' ', ids);
        var third = batch.HostIds.Span[2].ToString(CultureInfo.InvariantCulture);
        IReadOnlyCollection<string>[] facts = [[third, "no such fact"], .. Enumerable.Range(1, batch.BatchSize - 1).Select(_ => Array.Empty<string>())];
        var report = Assert.Single(InversionAttackEvaluator.Run([attack], transform, [(batch, facts)], Spell));
        Assert.Equal((1.0, 1L), (report.FactRecall, report.FactCount));

        using var silent = new TokenBatch(batch.HostIds.ToArray(), batch.AttentionMask.Host.ToArray(), batch.LossMask.Host.ToArray(), new bool[batch.HostIds.Length], batch.BatchSize, batch.SequenceLength, CPU);
        var nothing = Assert.Single(InversionAttackEvaluator.Run([attack], transform, [(silent, facts)], Spell));
        Assert.Equal((null, null, null, 0L, 0L), (nothing.TokenAccuracy, nothing.TopTenAccuracy, nothing.FactRecall, nothing.TokenCount, nothing.FactCount));
        Assert.Contains("None of the first 64 batches has a transformed token", Assert.Throws<ArgumentException>(() => TrainedInversionAttack.Fit(transform, new Always(silent), new TrainedInversionAttackOptions { Steps = 1, Width = 16, Layers = 1 })).Message, StringComparison.Ordinal);
    }

    /// <summary>The same tokens at each step.</summary>
    private sealed class Always(TokenBatch batch) : ITokenBatches
    {
        public TokenBatch At(long step) =>
            new(batch.HostIds.ToArray(), batch.AttentionMask.Host.ToArray(), batch.LossMask.Host.ToArray(), batch.NoiseMask.Host.ToArray(), batch.BatchSize, batch.SequenceLength, CPU);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(1000)]
    public void With_the_embedding_table_a_trained_attack_begins_by_undoing_what_is_affine(float shift)
    {
        using var transform = Shifted(shift);
        var batches = new RandomBatches((int)_model.EmbeddingTable.shape[0], rows: 64);
        using var batch = batches.At(1_000_000);
        var losses = new List<double>();
        using var begun = TrainedInversionAttack.Fit(transform, batches, new TrainedInversionAttackOptions { Steps = 1, Width = 64, Layers = 1, LearningRate = 1e-6 }, (_, loss) => losses.Add(loss));
        Assert.True(Attack([begun], transform, batch)[0].TokenAccuracy > 0.9);
        Assert.InRange(losses[0], 0, Math.Log(_model.EmbeddingTable.shape[0]));
    }

    private StainedGlassTransform Shifted(float shift)
    {
        var transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Max = 0.02, InitialRho = 0 } });
        using var noGrad = no_grad();
        transform.Parameters.Single(parameter => parameter.Name == "mean.bias").Value.fill_(shift);
        return transform;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public void A_trained_attack_learns_what_the_transform_does(float shift)
    {
        using var transform = Shifted(shift);
        var batches = new RandomBatches((int)_model.EmbeddingTable.shape[0], rows: 64);
        using var batch = batches.At(1_000_000);
        var options = new TrainedInversionAttackOptions { Width = 64, Layers = 1, LearningRate = 5e-3, UsesEmbeddingTable = false };
        using var begun = TrainedInversionAttack.Fit(transform, batches, options with { Steps = 1 });
        using var fitted = TrainedInversionAttack.Fit(transform, batches, options with { Steps = 200 });
        var reports = Attack([begun, fitted], transform, batch);
        Assert.True(reports[1].TokenAccuracy > reports[0].TokenAccuracy + 0.2, $"from {reports[0].TokenAccuracy} to {reports[1].TokenAccuracy}");
        Assert.True(reports[1].TokenAccuracy > 0.7, $"after: {reports[1].TokenAccuracy}");
    }

    [Fact]
    public void Fitting_an_attack_leaves_the_global_random_state_as_it_was()
    {
        using var transform = new StainedGlassTransform(_model.EmbeddingTable);
        using var before = random.get_rng_state();
        using var attack = TrainedInversionAttack.Fit(transform, _batches, new TrainedInversionAttackOptions { Steps = 1, Width = 16, Layers = 1 });
        using var after = random.get_rng_state();
        Assert.True(before.IsSame(after));
    }

    [Fact]
    public void Evaluation_draws_secure_noise_and_none_of_the_training()
    {
        using var transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { InitialRho = 0 } });
        using var batch = _batches.At(0);
        using var attack = new Recording();
        var metric = new Recording.OfMetric(attack);
        for (var round = 0; round < 2; round++)
        {
            Attack([attack], transform, batch);
            Evaluate([metric], transform, batch);
            using var fitted = TrainedInversionAttack.Fit(transform, _batches, new TrainedInversionAttackOptions { Steps = 1, Width = 16, Layers = 1 });
        }

        Assert.Equal(0, transform.Samples);
        attack.Seen.Add(transform.Apply(batch).Noisy.detach());
        Assert.Equal(5, attack.Seen.Count);
        for (var i = 0; i < attack.Seen.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                using var equal = attack.Seen[i].flatten(0, 1).eq(attack.Seen[j].flatten(0, 1)).all(1);
                Assert.Equal(equal.shape[0] - batch.NoiseMask.Count!.Value, equal.sum().ToInt64());
            }
        }
    }

    [Fact]
    public void A_trained_attack_is_its_state()
    {
        using var transform = Quiet();
        using var batch = _batches.At(0);
        var options = new TrainedInversionAttackOptions { Steps = 1, Width = 16, Layers = 2, UsesEmbeddingTable = false };
        using var one = TrainedInversionAttack.Fit(transform, _batches, options);
        using var other = TrainedInversionAttack.Fit(transform, _batches, options with { Seed = 2 });
        using var noisy = transform.Apply(batch).Noisy;
        using var wanted = one.Recover(noisy, batch.AttentionMask, 3);
        using var before = other.Recover(noisy, batch.AttentionMask, 3);
        Assert.False(wanted.IsSame(before));

        other.load_state_dict(one.state_dict());
        using var after = other.Recover(noisy, batch.AttentionMask, 3);
        Assert.True(wanted.IsSame(after));
    }

    /// <summary>Keeps what attacks and metrics are given.</summary>
    private sealed class Recording : IInversionAttack, IDisposable
    {
        public List<Tensor> Seen { get; } = [];

        public string Name => "recording";

        public string Knowledge => "nothing";

        public Tensor Recover(Tensor noisy, RowMask attentionMask, int candidates)
        {
            Seen.Add(noisy.clone().DetachFromDisposeScope());
            return zeros(noisy.shape[0], noisy.shape[1], candidates, dtype: ScalarType.Int64);
        }

        public void Dispose() => Seen.ForEach(seen => seen.Dispose());

        public sealed class OfMetric(Recording recording) : Metric
        {
            public override void Add(TransformedBatch batch) => recording.Seen.Add(batch.Noisy.clone().DetachFromDisposeScope());
        }
    }

    private StainedGlassTransform Quiet() => new(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { Min = 1e-6, Max = 2e-6 } });

    private void Evaluate(IReadOnlyList<Metric> metrics, StainedGlassTransform transform, TokenBatch batch) =>
        MetricEvaluator.Run(metrics, _model, _adapters, transform, [batch]);

    private static IReadOnlyList<InversionAttackReport> Attack(IReadOnlyList<IInversionAttack> attacks, StainedGlassTransform transform, TokenBatch batch)
    {
        // A row's fact is its third and fourth token, as the decoder below spells them.
        static string Spell(IReadOnlyList<int> ids) => string.Join(' ', ids);
        var facts = Enumerable.Range(0, batch.BatchSize)
            .Select(row => (IReadOnlyCollection<string>)[Spell([.. batch.HostIds.Span.Slice((row * batch.SequenceLength) + 2, 2).ToArray().Select(id => (int)id)])])
            .ToArray();
        return InversionAttackEvaluator.Run(attacks, transform, [(batch, facts)], Spell);
    }
}
