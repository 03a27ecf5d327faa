using Jigsaw.Batches;
using Jigsaw.Training;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>Rows of very different lengths, so that a mean of the micro-batches' means would be another number.</summary>
public sealed class MicroBatchTests
{
    private const int Rows = 5;
    private const int Length = 9;

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var recipe in (string[])["capped", "uncapped", "hard", "some steps"])
        {
            foreach (var rows in (int[])[1, 2, 3])
            {
                cases.Add(recipe, rows);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Micro_batches_have_the_values_and_gradients_of_one_large_batch(string recipe, int rows)
    {
        using var session = new TrainingSession(new TrainingOptions { Steps = 1000 }, bind: (teacher, student) => recipe switch
        {
            "capped" => CappedPartsRecipe.Bind(teacher, student),
            "uncapped" => PartsRecipe.Bind(teacher, student),
            "hard" => HardPartsRecipe.Bind(teacher, student),
            _ => SomePartsRecipe.Bind(teacher, student),
        });
        using var batch = Batch();
        foreach (var step in (int[])[0, 1])
        {
            session.Loss.Step = step;
            var (values, gradients) = Run(session, batch, Rows);
            var (found, foundGradients) = Run(session, batch, rows);
            Assert.Equal(values.Keys, found.Keys);
            Assert.All(values, component => Assert.Equal(component.Value, found[component.Key], 2e-6 * Math.Max(1, Math.Abs(component.Value))));
            var largest = gradients.Max(Math.Abs);
            Assert.True(largest > 1e-4);
            Assert.InRange(gradients.Zip(foundGradients).Max(pair => Math.Abs(pair.First - pair.Second)) / largest, 0, 2e-6);
        }
    }

    [Fact]
    public void The_rows_of_the_test_count_different_numbers_of_tokens()
    {
        using var batch = Batch();
        var counts = Enumerable.Range(0, Rows).Select(row => batch.LossMask.Host.Slice(row * Length, Length).Count(true)).ToArray();
        Assert.Equal(Rows, counts.Distinct().Count());
    }

    [Fact]
    public void A_term_that_depends_on_all_tokens_together_is_refused_by_name()
    {
        using var session = new TrainingSession(new TrainingOptions { Steps = 2, MicroBatch = 2 });
        Assert.Contains("MutualInformation depends on all tokens of a step together", Assert.Throws<InvalidOperationException>(() => session.Run()).Message, StringComparison.Ordinal);
        using var rate = new TrainingSession(new TrainingOptions { Steps = 2, MicroBatch = 2 }, bind: (teacher, student) => BoundsRecipe.Bind(teacher, student));
        Assert.Contains("depends on all tokens of a step together", Assert.Throws<InvalidOperationException>(() => rate.Run()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_custom_term_and_a_gradient_filter_are_refused()
    {
        using var custom = new TrainingSession(new TrainingOptions { Steps = 2, MicroBatch = 2 }, bind: (teacher, student) => EverythingRecipe.Bind(teacher, student));
        Assert.Contains("micro-batches", Assert.Throws<InvalidOperationException>(() => custom.Run()).Message, StringComparison.Ordinal);
        using var filtered = new TrainingSession(new TrainingOptions { Steps = 2, MicroBatch = 2 }, bind: (teacher, student) => FilteredRecipe.Bind(teacher, student));
        Assert.Contains("GradientFilter", Assert.Throws<InvalidOperationException>(() => filtered.Run()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_in_micro_batches_trains_as_one_with_large_batches_does()
    {
        using var whole = new TrainingSession(new TrainingOptions { Steps = 4, WarmupSteps = 1 }, bind: (teacher, student) => CappedPartsRecipe.Bind(teacher, student));
        using var parts = new TrainingSession(new TrainingOptions { Steps = 4, WarmupSteps = 1, MicroBatch = 1 }, bind: (teacher, student) => CappedPartsRecipe.Bind(teacher, student));
        var (expected, found) = (whole.Run(), parts.Run());
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 1e-3));
    }

    private static (Dictionary<string, double> Values, float[] Gradients) Run(TrainingSession session, TokenBatch batch, int rows)
    {
        using var scope = NewDisposeScope();
        session.Transform.Samples = 7;
        foreach (var (_, value) in session.Named())
        {
            value.grad?.zero_();
        }

        using var components = session.Loss.RunStepInParts(session.Transform.Apply(batch), batch.LossMask, rows);
        return (components.Read().ToDictionary(), [.. session.Named().Where(pair => pair.Value.grad is not null).SelectMany(pair => pair.Value.grad!.data<float>().ToArray())]);
    }

    private static TokenBatch Batch()
    {
        var random = new Random(3);
        var ids = Enumerable.Range(0, Rows * Length).Select(_ => (long)random.Next(3, 40)).ToArray();
        bool[] Mask(Func<int, int, bool> counts) => [.. Enumerable.Range(0, Rows * Length).Select(i => counts(i / Length, i % Length))];
        return new TokenBatch(
            ids,
            Mask((row, at) => at < Length - (Rows - 1 - row)),
            Mask((row, at) => at > 1 && at < 3 + row),
            Mask((row, at) => at < 1 + (row % 3)),
            Rows,
            Length,
            CPU);
    }
}

#pragma warning disable JIG0045 // Caps are the subject of one of these.

[LossRecipe(DistillationLayer = 1)]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 7)]
[LossTerm.L2Performance(0.5)]
[LossTerm.L2Protection(0.05, MaxLoss = 3)]
[LossTerm.MedianNorm(0.1)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
public partial class CappedPartsRecipe;

[LossRecipe(DistillationLayer = 1)]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25)]
[LossTerm.L2Performance(0.5)]
[LossTerm.MedianNorm(0.1)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
public partial class PartsRecipe;

[LossRecipe(CeTarget = CeTarget.Hard)]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.25, MaxLoss = 10)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
public partial class HardPartsRecipe;

[LossRecipe]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, Every = 2)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
public partial class SomePartsRecipe;
