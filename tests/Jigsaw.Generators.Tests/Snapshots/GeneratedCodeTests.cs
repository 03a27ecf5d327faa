using Jigsaw.Generators.Tests.Compiling;
using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Tests.Snapshots;

public class GeneratedCodeTests
{
    [Fact]
    public void A_full_recipe()
    {
        Snapshot.Verify(Documented("""
            using Jigsaw;
            using static TorchSharp.torch;

            namespace Shop.Training;

            /// <summary>What the support model is trained with.</summary>
            [LossRecipe(DistillationLayer = 2)]
            [LossTerm.CePerformance(1.0)]
            [LossTerm.CeProtection(0.25, MaxLoss = 10)]
            [LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 10)]
            [LossTerm.L2Performance(0.5)]
            [LossTerm.MutualInformation(0.01)]
            [LossTerm.AbsoluteCosineSimilarity(0.5, Mask = TokenMask.Loss | TokenMask.Noise)]
            [LossTerm.MedianNorm(0.1)]
            public partial class ChatRecipe
            {
                /// <summary>Keeps a floor of noise under every token.</summary>
                [LossTerm(0.05)]
                private static Tensor NoiseFloor(TransformStds stds, NoiseMask mask) => (stds.Value * mask.Value.unsqueeze(-1)).mean();
            }
            """));
    }

    [Fact]
    public void A_recipe_with_alpha_and_ramps_in_a_generic_type()
    {
        Snapshot.Verify(Documented("""
            using Jigsaw;

            namespace Shop.Training;

            /// <summary>The recipes of a shop.</summary>
            /// <typeparam name="T">What it sells.</typeparam>
            public static partial class Recipes<T>
            {
                /// <summary>Compares logits, and mixes.</summary>
                [LossRecipe(Alpha = 0.3, CeTarget = CeTarget.Hard)]
                [LossTerm.StdLogRatio(0.5)]
                [LossTerm.DistillationCosineDistance(1)]
                [LossTerm.DistillationProtectionL2(0.25, MaxLoss = 2, ScalingFactor = 0.5, ApplyLossMask = false, RampFrom = 200, RampSteps = 500, Ramp = Ramp.Cosine)]
                [LossTerm.InverseL2PowerLaw(1e-3, CharacteristicLength = 0.3, ExponentOfDecay = 2)]
                [LossTerm.MedianNorm(0.1, RampSteps = 100)]
                [LossTerm.InformationRate(1, Ramp = Ramp.Geometric, RampStart = 0.003, RampStartFrom = 60, RampFrom = 120, RampSteps = 1320)]
                public partial record ChatRecipe;
            }
            """));
    }

    [Fact]
    public void A_gradient_filter()
    {
        Snapshot.Verify(Documented("""
            using Jigsaw;

            namespace Shop.Training;

            /// <summary>Takes the gradient back by its larger columns.</summary>
            [LossRecipe(GradientFilter = 0.005)]
            [LossTerm.CePerformance(1.0)]
            [LossTerm.AbsoluteCosineSimilarity(0.5)]
            public partial class ChatRecipe;
            """));
    }

    [Fact]
    public void Terms_on_one_pair()
    {
        Snapshot.Verify(Documented("""
            using Jigsaw;

            namespace Shop.Training;

            /// <summary>Several terms read the same two tensors.</summary>
            [LossRecipe(DistillationLayer = 2)]
            [LossTerm.L2Performance(1)]
            [LossTerm.L2Protection(0.3, MaxLoss = 2)]
            [LossTerm.DistillationCosineDistance(0.5)]
            [LossTerm.DistillationProtectionL2(0.1, MaxLoss = 3, ScalingFactor = 0.5, ApplyLossMask = false)]
            [LossTerm.MedianNorm(0.1)]
            [LossTerm.InverseL2PowerLaw(1e-3, CharacteristicLength = 0.3, ExponentOfDecay = 2)]
            [LossTerm.StdLogRatio(0.05)]
            [LossTerm.AbsoluteCosineSimilarity(0.5, Mask = TokenMask.Loss | TokenMask.Noise)]
            public static partial class PairsRecipe
            {
                /// <summary>A name that a pair would have.</summary>
                [LossTerm(0.05)]
                private static TorchSharp.torch.Tensor CleanNoisyPair(TransformStds stds) => stds.Value.mean();
            }
            """));
    }

    [Fact]
    public void Terms_that_stand_more_than_once()
    {
        Snapshot.Verify(Documented("""
            using Jigsaw;

            namespace Shop.Training;

            /// <summary>Several terms occur twice, each time under its own key.</summary>
            [LossRecipe]
            [LossTerm.CePerformance(1.0)]
            [LossTerm.CePerformance(0.5, Mask = TokenMask.Noise, Key = "ce_performance_of_noise")]
            [LossTerm.CeProtection(0.25, MaxLoss = 10, Key = "protection")]
            [LossTerm.AbsoluteCosineSimilarity(0.5)]
            [LossTerm.AbsoluteCosineSimilarity(0.1, Mask = TokenMask.Loss, Key = "cosine_of_loss")]
            [LossTerm.InverseL2PowerLaw(1e-3, CharacteristicLength = 0.3, Key = "power_law_near")]
            [LossTerm.InverseL2PowerLaw(1e-2, CharacteristicLength = 3, Key = "power_law_far")]
            [LossTerm.MutualInformation(0.01)]
            [LossTerm.MutualInformation(0.02, Mask = TokenMask.Loss | TokenMask.Noise, Key = "mutual_information_of_loss")]
            [LossTerm.InformationRate(0.02, Mask = TokenMask.Loss | TokenMask.Noise, Key = "information_rate_in_reply")]
            [LossTerm.InformationRate(1.0, Repeats = 4)]
            public partial class ChatRecipe;
            """));
    }

    [Fact]
    public void Terms_that_some_steps_leave_out()
    {
        Snapshot.Verify(Documented("""
            using Jigsaw;
            using static TorchSharp.torch;

            namespace Shop.Training;

            /// <summary>Several terms are evaluated on some steps.</summary>
            [LossRecipe(DistillationLayer = 2)]
            [LossTerm.CePerformance(1.0)]
            [LossTerm.CeProtection(0.25, MaxLoss = 10, Every = 4, RampSteps = 100)]
            [LossTerm.L2Performance(0.5)]
            [LossTerm.DistillationCosineDistance(0.3, Every = 2)]
            [LossTerm.AbsoluteCosineSimilarity(0.5)]
            [LossTerm.InputEmbeddingSimilarity(0.5, Every = 2)]
            [LossTerm.MutualInformation(0.01, Every = 8)]
            public partial class ChatRecipe
            {
                /// <summary>How far the student's logits are from the teacher's.</summary>
                [LossTerm(0.1, Every = 3)]
                private static Tensor Margin(TeacherCleanLogitRows teacher, StudentNoisyLogitRows student) => (student.Value - teacher.Value).square().mean([1]);

                /// <summary>Keeps a floor of noise under every token.</summary>
                [LossTerm(0.05, Every = 2)]
                private static Tensor NoiseFloor(TransformStds stds, StudentNoisyHidden hidden) => (0.5 - stds.Value).clamp_min(0).mean() * hidden.Value.mean();
            }
            """));
    }

    [Fact]
    public void A_recipe_with_terms_on_rows_of_logits()
    {
        Snapshot.Verify(Documented("""
            using Jigsaw;
            using static TorchSharp.torch;

            namespace Shop.Training;

            /// <summary>Reads logits by rows.</summary>
            [LossRecipe(DistillationLayer = 2)]
            [LossTerm.CePerformance(1.0)]
            [LossTerm.L2Performance(0.5)]
            [LossTerm.AbsoluteCosineSimilarity(0.5)]
            public partial class ChatRecipe
            {
                /// <summary>How unsure the student is: the entropy of each token's distribution.</summary>
                [LossTerm(0.05, Mask = TokenMask.Attention | TokenMask.Noise)]
                private static Tensor Uncertainty(StudentNoisyLogitRows student) => -(student.Value.softmax(1) * student.Value.log_softmax(1)).sum(1);

                /// <summary>How far the student's logits are from the teacher's.</summary>
                [LossTerm(0.1, RampSteps = 100)]
                private static Tensor Margin(TeacherCleanLogitRows teacher, StudentNoisyLogitRows student) => (student.Value - teacher.Value).square().mean([1]);

                /// <summary>Keeps a floor of noise under every token.</summary>
                [LossTerm(0.05)]
                private static Tensor NoiseFloor(TransformStds stds) => (0.5 - stds.Value).clamp_min(0).mean();
            }
            """));
    }

    [Fact]
    public void A_recipe_that_shares_terms()
    {
        Snapshot.Verify(Documented("""
            using Jigsaw;
            using static TorchSharp.torch;

            namespace Shop.Training;

            /// <summary>Has terms of a class and of a base class.</summary>
            [LossRecipe]
            [LossTerm.CePerformance(1.0)]
            [LossTerms(typeof(Noise.Terms<int>))]
            public partial class ChatRecipe : Floors
            {
                /// <summary>Its own.</summary>
                [LossTerm(0.2)]
                private static Tensor Spread(TransformMeans means) => means.Value.square().mean();
            }

            /// <summary>Several recipes derive from this.</summary>
            public class Floors
            {
                /// <summary>Keeps a floor of noise under every token.</summary>
                [LossTerm(0.05, RampSteps = 100)]
                protected static Tensor NoiseFloor(TransformStds stds) => (0.5 - stds.Value).clamp_min(0).mean();
            }

            /// <summary>Of the noise.</summary>
            public static class Noise
            {
                /// <summary>Several recipes name this.</summary>
                /// <typeparam name="T">Anything.</typeparam>
                public static class Terms<T>
                {
                    /// <summary>How unsure the student is.</summary>
                    [LossTerm(0.1)]
                    public static Tensor Uncertainty(StudentNoisyLogitRows student) => -(student.Value.softmax(1) * student.Value.log_softmax(1)).sum(1);
                }
            }
            """));
    }

    [Fact]
    public void More_terms_on_logits_than_deconstruct_are_read_one_by_one()
    {
        string Recipe(int count) => $$"""
            using Jigsaw;
            using static TorchSharp.torch;
            [LossRecipe]
            [LossTerm.CePerformance(1.0)]
            [LossTerm.AbsoluteCosineSimilarity(0.5)]
            public partial class ChatRecipe
            {
                {{string.Concat(Enumerable.Range(0, count - 1).Select(i => $"[LossTerm(1)] private static Tensor {(i == 0 ? "Value" : i == 1 ? "rows" : "T" + i)}(StudentNoisyLogitRows z) => z.Value.amax([1]);\n"))}}
            }
            """;
        var (few, many) = (Compiled.Of(Recipe(8)), Compiled.Of(Recipe(9)));
        Assert.Empty(few.Diagnostics);
        Assert.Empty(many.Diagnostics);
        Assert.Contains("var (logits, cePerformance, t2, t3, t4, t5, t6, value, rowsTerm) = head.Run();", few.File, StringComparison.Ordinal);
        Assert.Contains("var cePerformanceValues = head.Run();", many.File, StringComparison.Ordinal);
        Assert.Contains("var logits = cePerformanceValues.Loss;", many.File, StringComparison.Ordinal);
        Assert.Contains("var rowsTerm = cePerformanceValues.Components[8];", many.File, StringComparison.Ordinal);
        Assert.Contains("rows => global::ChatRecipe.rows(rows));", many.File, StringComparison.Ordinal);
    }

    /// <summary>Compiled as a project that writes a documentation file is.</summary>
    private static Compiled Documented(string source) => Compiled.Of(Compiled.Compile([source], Compiled.Parsing.WithDocumentationMode(DocumentationMode.Diagnose)));
}
