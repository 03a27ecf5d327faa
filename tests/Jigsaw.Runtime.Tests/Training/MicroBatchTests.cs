using Jigsaw.Batches;
using Jigsaw.Steps;
using Jigsaw.Training;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>Rows of very different lengths, so that a mean of the micro-batches' means would be another number.</summary>
public sealed class MicroBatchTests
{
    private const int Rows = 6;
    private const int Length = 9;

    private static readonly Dictionary<string, Func<NoisyTeacher, NoisyStudent, BoundLoss>> _recipes = new()
    {
        ["capped"] = CappedPartsRecipe.Bind,
        ["uncapped"] = PartsRecipe.Bind,
        ["hard"] = HardPartsRecipe.Bind,
        ["some steps"] = SomePartsRecipe.Bind,
        ["mixture"] = MixturePartsRecipe.Bind,
        ["bounds"] = BoundsRecipe.Bind,
        ["repeated"] = RepeatedTermsRecipe.Bind,
        ["surprisal"] = SurprisalRecipe.Bind,
        ["surprisal alone"] = SurprisalAloneRecipe.Bind,
        ["counterfactual"] = CounterfactualRecipe.Bind,
        ["alpha"] = AlphaRecipe.Bind,
        ["no pass"] = EmbeddingsRecipe.Bind,
        ["rows"] = RowsRecipe.Bind,
        ["own terms"] = OwnPartsRecipe.Bind,
        ["masks"] = MaskedPartsRecipe.Bind,
    };

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var recipe in _recipes.Keys)
        {
            foreach (var rows in (int[])[1, 4])
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
        using var session = new TrainingSession(new TrainingOptions { Steps = 1000 }, bind: _recipes[recipe]);
        using var batch = Batch();
        foreach (var step in (int[])[0, 1, 6])
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
    public void What_can_not_be_split_is_refused_by_name_before_the_first_step()
    {
        foreach (var (bind, said) in new (Func<NoisyTeacher, NoisyStudent, BoundLoss>, string)[]
        {
            (EverythingRecipe.Bind, "The custom term 'margin' reads whole tensors of StudentNoisy, of which micro-batches have some rows at a time; let it take rows of logits (StudentNoisyLogitRows)"),
            (SomeStepsRecipe.Bind, "The custom term 'apart' reads whole tensors of TeacherNoisy and StudentNoisy,"),
            (WholeRecipe.Bind, "The custom term 'uncertainty' reads whole tensors of StudentNoisy,"),
            (FilteredRecipe.Bind, "GradientFilter learns from the tokens of a whole step,"),
        })
        {
            Assert.StartsWith(said, Assert.Throws<ArgumentException>(() => new TrainingSession(new TrainingOptions { Steps = 4, MicroBatch = 2 }, bind: bind)).Message, StringComparison.Ordinal);
            using var whole = new TrainingSession(new TrainingOptions { Steps = 4 }, bind: bind);
            Assert.StartsWith(said, whole.Loss.MicroBatchProblem, StringComparison.Ordinal);
            using var batch = Batch();
            using var scope = NewDisposeScope();
            Assert.Equal("microBatch", Assert.Throws<ArgumentException>(() => whole.Loss.RunStepInParts(whole.Transform.Apply(batch), batch.LossMask, 2)).ParamName);
        }
    }

    [Theory]
    [InlineData("capped")]
    [InlineData("repeated")]
    [InlineData("surprisal")]
    [InlineData("counterfactual")]
    public void A_run_in_micro_batches_trains_as_one_with_large_batches_does(string recipe)
    {
        using var whole = new TrainingSession(new TrainingOptions { Steps = 4, WarmupSteps = 1 }, bind: _recipes[recipe]);
        using var parts = new TrainingSession(new TrainingOptions { Steps = 4, WarmupSteps = 1, MicroBatch = 1 }, bind: _recipes[recipe]);
        var (expected, found) = (whole.Run(), parts.Run());
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 1e-3));
        Assert.NotEqual(expected[0].Loss, expected[^1].Loss, 1e-3);
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
            CPU,
            inReply: Mask((row, at) => (row + at) % 3 == 0),
            isPrivate: Mask((row, at) => (row + at) % 2 == 0));
    }
}

#pragma warning disable JIG0045, JIG0049 // Caps and masks are the subject of these.

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

/// <summary>A term of a pass on each mask of the transformed tokens.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0, Mask = TokenMask.NotInReply, Key = "ce_untold")]
[LossTerm.CePerformance(0.7, Mask = TokenMask.InReply, Key = "ce_told")]
[LossTerm.CePerformance(0.4, Mask = TokenMask.Private, Key = "ce_private")]
[LossTerm.CeProtection(0.25, MaxLoss = 10, Mask = TokenMask.Noise)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
public partial class MaskedPartsRecipe;

/// <summary>The terms of the mixture, and those on moments, with weights by surprisal.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss)]
[LossTerm.MutualInformation(0.02)]
[LossTerm.StdLogRatio(0.5, Every = 3)]
[LossTerm.InformationRate(0.5, Mask = TokenMask.NotInReply, Weighting = TokenWeighting.Surprisal, Ramp = Ramp.Geometric, RampStart = 0.01, RampSteps = 10)]
[LossTerm.InformationRate(0.025, Mask = TokenMask.InReply, Key = "information_rate_in_reply")]
public partial class MixturePartsRecipe;

/// <summary>Custom terms of each kind that micro-batches can have: on the transform's outputs, on the teacher's clean pass, and on rows of logits.</summary>
[LossRecipe(DistillationLayer = 1)]
[LossTerm.L2Performance(0.5)]
public partial class OwnPartsRecipe
{
    [LossTerm(0.05, Every = 2)]
    private static Tensor NoiseFloor(TransformStds stds, NoiseMask mask) => (stds.Value.log().mean([2]) * mask.Value).sum() / mask.Value.sum();

    [LossTerm(0.2)]
    private static Tensor Weighed(TeacherCleanHidden teacher, TransformMeans means) => (teacher.Value.square().mean([2], true) * means.Value.square()).mean();

    [LossTerm(0.1)]
    private static Tensor Certain(TeacherCleanLogits teacher, NoisyEmbeddings noisy) => (teacher.Value.softmax(2).amax([2], true) * noisy.Value.square()).mean();

    [LossTerm(0.4)]
    private static Tensor Margin(TeacherCleanLogitRows teacher, StudentNoisyLogitRows student) => (student.Value - teacher.Value).square().mean([1]);
}
