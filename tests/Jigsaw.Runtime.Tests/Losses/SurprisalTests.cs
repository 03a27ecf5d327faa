using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Passes;
using Jigsaw.Runtime.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

/// <summary>Tokens that weigh as much as they surprise the teacher.</summary>
[Collection(nameof(RunsAlone))]
public sealed class SurprisalTests : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public void Dispose() => _owned.ForEach(one => one.Dispose());

    [Theory]
    [InlineData(ScalarType.Float64, true, 1e-12)]
    [InlineData(ScalarType.Float64, false, 1e-12)]
    [InlineData(ScalarType.Float32, true, 1e-5)]
    [InlineData(ScalarType.BFloat16, true, 0.05)]
    [InlineData(ScalarType.BFloat16, false, 0.05)]
    public void A_weight_is_the_formula_of_the_teachers_logits(ScalarType type, bool packed, double tolerance)
    {
        using var scope = NewDisposeScope();
        const int Batch = 3, Sequence = 9, Vocabulary = 13;
        var steps = new Steps(4, type);
        bool[] real = [.. Enumerable.Range(0, Batch * Sequence).Select(i => i is not (9 or 10 or 26))];
        bool[] counts = [.. steps.Bits(Batch * Sequence, 0.7).Select((bit, i) => (bit || i is 0 or 11) && real[i])];
        var ids = Enumerable.Range(0, Batch * Sequence).Select(i => (long)((i * 5) % Vocabulary)).ToArray();
        var (hidden, table, bias) = (steps.Numbers(Batch, Sequence, 6), steps.Numbers(Vocabulary, 6), steps.Numbers(Vocabulary));
        var (attention, mask) = (steps.Mask(real, Batch, Sequence, packed), steps.Mask(counts, Batch, Sequence, packed));
        var weights = Activations(ids, attention, mask, hidden, new LanguageModelHead(table, bias)).Surprisal.Weights(mask);

        // The first token of the second row follows padding, like the first of the others.
        var logits = (hidden.to(ScalarType.Float64).reshape(-1, 6).mm(table.to(ScalarType.Float64).t()) + bias.to(ScalarType.Float64)).log_softmax(1);
        double Surprisal(int i) => -logits[i - 1, ids[i]].item<double>();
        bool IsPredicted(int i) => counts[i] && i % Sequence > 0 && real[i - 1];
        var mean = Enumerable.Range(0, counts.Length).Where(IsPredicted).Average(Surprisal);
        var expected = Enumerable.Range(0, counts.Length).Select(i => IsPredicted(i) ? 0.2 + (0.8 * Surprisal(i) / mean) : 1).ToArray();
        Assert.False(IsPredicted(11));
        Steps.Near(tensor(expected).reshape(Batch, Sequence), weights, tolerance, "a weight");
        Assert.Equal(1, Enumerable.Range(0, counts.Length).Where(IsPredicted).Average(i => expected[i]), 1e-12);
    }

    [Fact]
    public void Without_a_surprise_or_a_prediction_every_token_weighs_the_same()
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(5);
        var all = steps.Mask([true, true, true, true], 2, 2);
        var first = steps.Mask([true, false, true, false], 2, 2);
        var certain = tensor([0.0, 1e30, 0.0]).reshape(3, 1);
        var hidden = ones(2, 2, 1, dtype: ScalarType.Float64);
        Assert.Equal([1, 1, 1, 1], Activations([1, 1, 1, 1], all, all, hidden, new LanguageModelHead(certain)).Surprisal.Weights(all).data<double>().ToArray());
        Assert.Equal([1, 1, 1, 1], Activations([1, 1, 1, 1], all, first, hidden, new LanguageModelHead(certain)).Surprisal.Weights(first).data<double>().ToArray());

        // What the teacher holds impossible surprises, but not without end.
        var impossible = Activations([1, 0, 1, 1], all, all, hidden, new LanguageModelHead(tensor([double.NegativeInfinity, 0, 0]).reshape(3, 1))).Surprisal.Weights(all).data<double>().ToArray();
        Assert.All(impossible, weight => Assert.True(double.IsFinite(weight)));
        Assert.True(impossible[1] > impossible[3]);
    }

    [Fact]
    public void Weights_by_surprisal_are_the_same_pass_by_pass()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        step.Compare(() => SurprisalRecipe.Bind(step.Teacher, step.Student));
        step.Compare(() => SurprisalAloneRecipe.Bind(step.Teacher, step.Student));
        var values = step.PassByPass(() => SurprisalRecipe.Bind(step.Teacher, step.Student)).Values;
        Assert.NotEqual(values["plain_rate"], values["information_rate"]);
        Assert.InRange(values["information_rate"] / values["plain_rate"], 0.5, 2);
        var narrow = new BoundStep(_owned, "llama-gqa", type: ScalarType.BFloat16);
        narrow.Compare(() => SurprisalRecipe.Bind(narrow.Teacher, narrow.Student), 0.06);
        Assert.Equal("surprisal", SurprisalRecipe.Defaults.ToDictionary()["information_rate_weighting"]);
        Assert.Equal("uniform", SurprisalRecipe.Defaults.ToDictionary()["plain_rate_weighting"]);
    }

    [Fact]
    public void Weights_by_surprisal_run_on_meta_where_a_wait_throws()
    {
        var step = new BoundStep(_owned, "qwen3", device: META);
        using var scope = NewDisposeScope();
        using var components = SurprisalRecipe.Bind(step.Teacher, step.Student).RunStep(step.Apply(), step.Batch.LossMask);
        Assert.Equal(DeviceType.META, components.Values.device_type);
    }

    [Fact]
    public void The_plan_says_that_the_teacher_predicts_the_prompt()
    {
        Assert.Equal(
            """
            pass          gradient  logits  layer  read by
            TeacherClean  None      yes     -      information_rate
            information_rate reads what TeacherClean predicts of the prompt: one more product of the LM head for each, in chunks and without a gradient

            """.ReplaceLineEndings("\n"),
            SurprisalAloneRecipe.Plan.ToString());
        Assert.Contains("information_rate and rate_of_loss read what TeacherClean predicts", SurprisalRecipe.Plan.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("rate_of_loss", SurprisalRecipe.Plan.At(1).Find(Pass.TeacherClean)!.PredictionsReadBy);
        Assert.DoesNotContain("predicts", BoundsRecipe.Plan.ToString(), StringComparison.Ordinal);
    }

    private static StepActivations Activations(long[] ids, RowMask attention, RowMask noise, Tensor hidden, LanguageModelHead head)
    {
        var embeddings = zeros_like(hidden);
        return new StepActivations(
            new TransformedBatch
            {
                InputIds = tensor(ids).reshape(hidden.shape[0], hidden.shape[1]),
                AttentionMask = attention,
                NoiseMask = noise,
                Clean = embeddings,
                Noisy = embeddings,
                Means = embeddings,
                Stds = embeddings,
                StdMax = 2,
                MedianNorm = 1.5,
            },
            new PassActivations(Pass.TeacherClean, hidden, null, head));
    }
}
