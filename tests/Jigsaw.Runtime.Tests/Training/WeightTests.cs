using Jigsaw.Runtime.Tests.Losses;
using Jigsaw.Steps;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>Terms that occur several times, and weights that change with the step.</summary>
[Collection(nameof(RunsAlone))]
public sealed class WeightTests : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public void Dispose() => _owned.ForEach(one => one.Dispose());

    [Fact]
    public void A_term_that_occurs_twice_is_two_terms()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        step.Compare(() => RepeatedTermsRecipe.Bind(step.Teacher, step.Student));
        var both = step.PassByPass(() => RepeatedTermsRecipe.Bind(step.Teacher, step.Student));
        var again = step.PassByPass(() => RepeatedTermsRecipe.Bind(step.Teacher, step.Student, RepeatedTermsRecipe.Defaults with { InformationRateRepeats = 4 }));

        Assert.Equal(again.Values["information_rate"], both.Values["information_rate_of_four"]);
        Assert.NotEqual(both.Values["information_rate"], both.Values["information_rate_of_four"]);
        Assert.NotEqual(both.Values["jigsaw_ce_performance_loss"], both.Values["ce_performance_of_noise"]);
        var expected = both.Values["jigsaw_ce_performance_loss"] + (0.4 * both.Values["ce_performance_of_noise"]) - (0.25 * both.Values["jigsaw_ce_protection_loss"]) - (0.1 * both.Values["protection_of_noise"])
            + (0.5 * both.Values["absolute_cosine_similarity_penalty"]) + (0.3 * both.Values["cosine_of_loss"]) + (0.02 * both.Values["mutual_information_loss"]) + (0.01 * both.Values["mutual_information_apart"])
            + (0.1 * both.Values["information_rate"]) + (0.01 * both.Values["information_rate_of_four"]);
        Assert.Equal(expected, both.Values["composite_loss"], 1e-4 * Math.Abs(expected));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_step_that_leaves_terms_out_is_the_same_pass_by_pass(long at)
    {
        var step = new BoundStep(_owned, "llama-gqa");
        JigsawLoss<SomeStepsRecipe.Components, SomeStepsRecipe.Hyperparameters> Bind()
        {
            var jigsaw = SomeStepsRecipe.Bind(step.Teacher, step.Student);
            jigsaw.Step = at;
            return jigsaw;
        }

        step.Compare(Bind);
        var values = step.PassByPass(Bind).Values;
        Assert.Equal(at % 4 == 0, values.ContainsKey("jigsaw_ce_protection_loss"));
        Assert.Equal(at % 4 == 0, values.ContainsKey("apart"));
        Assert.Equal(at % 2 == 0, values.ContainsKey("mutual_information_loss"));
        Assert.Equal(at % 2 == 0, values.ContainsKey("gaussian_mixture_mahalanobis_distance_loss"));
        Assert.Equal(at % 3 == 0, values.ContainsKey("noise_floor"));
        Assert.Contains("information_rate", values.Keys);
        using var scope = NewDisposeScope();
        using var components = Bind().RunStep(step.Apply(), step.Batch.LossMask);
        Assert.Equal(at % 4 == 0, components.CeProtection.item<float>() != 0);
        Assert.Equal(SomeStepsRecipe.Plan.SkippedAt(at), components.Skipped);
    }

    [Fact]
    public void Terms_of_every_fourth_step_have_the_same_gradient_on_average()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        var expected = step.PassByPass(() => AllStepsRecipe.Bind(step.Teacher, step.Student));
        var sparse = AllStepsRecipe.Defaults with { CeProtectionEvery = 4, CleanEmbeddingsGuardrailsEvery = 2, InformationRateEvery = 4 };
        var jigsaw = AllStepsRecipe.Bind(step.Teacher, step.Student, sparse);
        var at = 0;
        var mean = step.PassByPass(
            () =>
            {
                jigsaw = AllStepsRecipe.Bind(step.Teacher, step.Student, sparse);
                return jigsaw;
            },
            times: 4,
            scale: 0.25,
            before: () => jigsaw.Step = at++);
        BoundStep.Near(expected with { Values = mean.Values }, mean, BoundStep.Tolerance);
        Assert.Equal(["jigsaw_ce_protection_loss", "jigsaw_clean_embeddings_guardrails_loss", "information_rate"], jigsaw.Plan.SkippedAt(3));
        Assert.Equal([Pass.TeacherClean, Pass.StudentNoisy], jigsaw.Plan.At(3).Passes.Select(pass => pass.Pass));
        Assert.Equal([Pass.TeacherClean, Pass.StudentNoisy, Pass.StudentClean], jigsaw.Plan.At(2).Passes.Select(pass => pass.Pass));
        Assert.Empty(AllStepsRecipe.Plan.SkippedAt(3));
        Assert.Contains("CeProtectionEvery is 0", Assert.Throws<ArgumentException>(() => AllStepsRecipe.Defaults with { CeProtectionEvery = 0 }).Message, StringComparison.Ordinal);
        Assert.Equal(4, sparse.ToDictionary()["jigsaw_ce_protection_loss_every"]);
    }

    [Fact]
    public void The_plan_says_what_only_some_steps_run()
    {
        Assert.Equal(
            """
            pass          gradient  logits  layer  read by
            TeacherClean  None      yes     1      jigsaw_ce_performance_loss, jigsaw_ce_protection_loss, jigsaw_clean_embeddings_guardrails_loss, margin, jigsaw_l2_performance_loss, distillation_layer_cosine_distance_loss
            TeacherNoisy  Input     yes     1      jigsaw_ce_protection_loss, apart
            StudentNoisy  All       yes     1      jigsaw_ce_performance_loss, margin, jigsaw_l2_performance_loss, distillation_layer_cosine_distance_loss, apart
            StudentClean  Adapters  yes     -      jigsaw_clean_embeddings_guardrails_loss
            every 2nd step, at 2 times the weight: margin, jigsaw_l2_performance_loss, mutual_information_loss, gaussian_mixture_mahalanobis_distance_loss, gaussian_mixture_log_constants_and_determinant_loss, absolute_cosine_similarity_penalty
            every 3rd step, at 3 times the weight: noise_floor
            every 4th step, at 4 times the weight: jigsaw_ce_protection_loss, jigsaw_clean_embeddings_guardrails_loss, apart
            TeacherNoisy runs only on every 4th step
            StudentClean runs only on every 4th step
            the other steps run TeacherClean, StudentNoisy
            TeacherNoisy, StudentNoisy: held together by apart

            """.ReplaceLineEndings("\n"),
            SomeStepsRecipe.Plan.ToString());
        Assert.Equal([[Pass.StudentNoisy]], SomeStepsRecipe.Plan.At(1).Stages.Select(stage => stage.Select(pass => pass.Pass)));
        Assert.DoesNotContain("step", AllStepsRecipe.Plan.ToString(), StringComparison.Ordinal);
        Assert.Contains("every 21st step", AllStepsRecipe.Plan.Every(21, "information_rate").ToString(), StringComparison.Ordinal);
        Assert.Contains("every 112th step", AllStepsRecipe.Plan.Every(112, "information_rate").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_that_leaves_terms_out_runs_on_meta_where_a_wait_throws()
    {
        var step = new BoundStep(_owned, "qwen3", device: META);
        using var scope = NewDisposeScope();
        for (var at = 0; at < 2; at++)
        {
            var jigsaw = SomeStepsRecipe.Bind(step.Teacher, step.Student);
            jigsaw.Step = at;
            using var components = jigsaw.RunStep(step.Apply(), step.Batch.LossMask);
            Assert.Equal(DeviceType.META, components.Values.device_type);
            var (loss, closure, _) = jigsaw;
            var noisy = step.Apply();
            step.Teacher.Forward(noisy);
            step.Student.Forward(noisy);
            loss(step.Batch.LossMask).backward();
            using var after = closure();
            Assert.Equal(components.Skipped, after.Skipped);
        }
    }

    [Fact]
    public void The_step_is_set_before_the_forwards()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        using var scope = NewDisposeScope();
        var jigsaw = SomeStepsRecipe.Bind(step.Teacher, step.Student);
        var (loss, _, _) = jigsaw;
        var noisy = step.Apply();
        jigsaw.Step = 1;
        step.Teacher.Forward(noisy);
        step.Student.Forward(noisy);
        jigsaw.Step = 4;
        Assert.Contains("ran at step 1, but the loss is of step 4", Assert.Throws<InvalidOperationException>(() => loss(step.Batch.LossMask)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hyperparameters_and_structure_of_a_term_are_named_after_its_key()
    {
        var numbers = RepeatedTermsRecipe.Defaults.ToDictionary();

        Assert.Equal(0.2, numbers["information_rate_of_four_weight"]);
        Assert.Equal(4, numbers["information_rate_of_four_repeats"]);
        Assert.Equal(0.01, numbers["information_rate_of_four_weight_ramp_start"]);
        Assert.Equal(0, numbers["information_rate_of_four_weight_ramp_start_from"]);
        Assert.Equal("geometric", numbers["information_rate_of_four_weight_ramp"]);
        Assert.Equal("attention+noise", numbers["information_rate_of_four_mask"]);
        Assert.Equal(5.0, numbers["protection_of_noise_max_loss"]);
        Assert.Equal(10.0, numbers["jigsaw_ce_protection_max_loss"]);
        Assert.Equal(true, numbers["mutual_information_apart_combine_noise_masks"]);
        Assert.Equal(true, numbers["combine_noise_masks_for_mutual_information_sub_batches"]);
        Assert.Contains("ProtectionOfNoiseMaxLoss is 0", Assert.Throws<ArgumentException>(() => RepeatedTermsRecipe.Defaults with { ProtectionOfNoiseMaxLoss = 0 }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_geometric_ramp_ends_at_the_weight_that_the_hyperparameters_name()
    {
        var step = new BoundStep(_owned, "llama-gqa");
        double Weight(int at, RepeatedTermsRecipe.Hyperparameters numbers)
        {
            double Composite(double weight)
            {
                var jigsaw = RepeatedTermsRecipe.Bind(step.Teacher, step.Student, numbers with { InformationRateOfFourWeight = weight });
                jigsaw.Step = at;
                using var components = jigsaw.RunStep(step.Apply(), step.Batch.LossMask);
                var read = components.Read();
                return read["composite_loss"] / read["information_rate_of_four"];
            }

            return Composite(numbers.InformationRateOfFourWeight) - Composite(0);
        }

        var late = RepeatedTermsRecipe.Defaults with { InformationRateOfFourWeight = 4, InformationRateOfFourRampStartFrom = 2, InformationRateOfFourRampFrom = 3 };
        foreach (var (at, expected) in (ReadOnlySpan<(int, double)>)[(1, 0), (2, 0.01), (3, 0.01), (8, 0.2), (13, 4), (100, 4)])
        {
            Assert.Equal(expected, Weight(at, late), 1e-4);
        }
    }
}
