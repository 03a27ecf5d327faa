using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Evaluation.Attacks;
using Jigsaw.Evaluation.Metrics;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Tokenization;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using TorchSharp;

namespace Jigsaw.Samples.Tests;

/// <summary>This project sees only what is public: what works here, works for everybody.</summary>
public sealed class CustomEvaluationTests : IDisposable
{
    private static readonly string _checkpoint = Path.Combine(AppContext.BaseDirectory, "models", "support-lm");

    private readonly CausalLM _model = CausalLM.Load(_checkpoint, torch.CPU, torch.ScalarType.Float32);
    private readonly LoraAdapters _adapters;
    private readonly NoiseTokenizer _tokenizer = new(Tokenizer.Load(_checkpoint)) { NoiseRoles = ["user"] };
    private readonly (TokenBatch Batch, IReadOnlyList<IReadOnlyCollection<string>> Facts)[] _batches;

    public CustomEvaluationTests()
    {
        _adapters = LoraAdapters.Create(_model, new LoraConfig { Rank = 2 }, seed: 0);
        _batches =
        [
            .. ChatDataset.Read(Path.Combine(_checkpoint, "data", "eval.jsonl"), 6).Examples.Chunk(3).Select(rows => (
                _tokenizer.ApplyChatTemplate([.. rows.Select(row => row.Messages)], ignorePromptLoss: true),
                (IReadOnlyList<IReadOnlyCollection<string>>)[.. rows.Select(row => row.Facts.Values.ToArray())])),
        ];
    }

    public void Dispose()
    {
        foreach (var (batch, _) in _batches)
        {
            batch.Dispose();
        }

        _adapters.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void A_custom_attack_is_measured_beside_the_built_in_ones()
    {
        using var transform = Transform(std: 1e-5);
        using var nearest = new NearestNeighborAttack(_model.EmbeddingTable);
        var reports = Attack([nearest, new CosineAttack(_model.EmbeddingTable)], transform);

        Assert.Equal(["nearest neighbor", "largest cosine"], reports.Select(report => report.Attack));
        Assert.Equal("the directions of the embeddings", reports[1].Knowledge);
        Assert.All(reports, report => Assert.Equal((1.0, 1.0), (report.TokenAccuracy, report.TopTenAccuracy)));
        Assert.Equal(_batches.Sum(batch => (long)batch.Batch.NoiseMask.Count!.Value), reports[1].TokenCount);
    }

    [Fact]
    public void A_custom_attack_faces_the_same_noise_as_the_others()
    {
        using var transform = Transform(std: 1.5);
        var attack = new CosineAttack(_model.EmbeddingTable);
        var reports = Attack([attack, attack], transform);
        Assert.InRange(reports[0].TokenAccuracy!.Value, 0.01, 0.99);
        Assert.Equal(reports[0], reports[1]);
    }

    [Fact]
    public void An_attack_that_answers_in_another_shape_gets_a_sentence()
    {
        using var transform = Transform(std: 1e-5);
        var exception = Assert.Throws<InvalidOperationException>(() => Attack([new OneCandidateAttack()], transform));
        Assert.Matches(@"^The attack 'one candidate' gives Int64 of shape \(3, \d+, 1\); return int64 token ids of shape \(3, \d+, 10\)\.$", exception.Message);
    }

    [Fact]
    public void Custom_metrics_share_one_run_with_the_built_in_ones()
    {
        using var transform = Transform(std: 0.8);
        var (agreement, topFive, shift) = (new AgreementMetric(), new TopFiveMetric(), new LargestShiftMetric());
        MetricEvaluator.Run([agreement, topFive, shift], _model, _adapters, transform, _batches.Select(batch => batch.Batch));

        var counted = _batches.Sum(batch => (long)batch.Batch.LossMask.Count!.Value);
        Assert.Equal((counted, counted, counted), (agreement.Tokens, topFive.Tokens, shift.Rows));
        Assert.Equal(_batches.Length, shift.Batches);
        Assert.InRange(topFive[Pass.TeacherNoisy], agreement[Pass.TeacherNoisy] + 1e-9, 1);
        Assert.Equal(topFive[Pass.TeacherNoisy], topFive[Pass.StudentNoisy]);
        Assert.InRange(shift.Largest, transform.Scale, 10 * transform.Scale);
    }

    private StainedGlassTransform Transform(double std) => new(
        _model.EmbeddingTable,
        new TransformConfig { Std = new DirectStd { Min = std, Max = 2 * std, InitialStd = std } },
        seed: 0);

    private IReadOnlyList<InversionAttackReport> Attack(IReadOnlyList<IInversionAttack> attacks, StainedGlassTransform transform) =>
        InversionAttackEvaluator.Run(attacks, transform, _batches, ids => _tokenizer.Tokenizer.Decode(ids));
}
