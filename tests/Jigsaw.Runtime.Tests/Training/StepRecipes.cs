using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

#pragma warning disable JIG0045, JIG0048, JIG0049 // These recipes test gradients; they are not for training.

/// <summary>All four passes, on logits, at a layer and on embeddings, with custom terms of each kind.</summary>
[LossRecipe(DistillationLayer = 1)]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.CleanEmbeddingsGuardrails(0.1)]
[LossTerm.L2Performance(0.5)]
[LossTerm.L2Protection(0.05, MaxLoss = 3)]
[LossTerm.DistillationCosineDistance(0.3)]
[LossTerm.MutualInformation(0.02)]
[LossTerm.MedianNorm(0.1)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
public partial class EverythingRecipe
{
    [LossTerm(0.05)]
    private static Tensor NoiseFloor(TransformStds stds) => stds.Value.log().mean();

    [LossTerm(0.2)]
    private static Tensor Margin(StudentNoisyLogits student, TeacherCleanLogits teacher, NoisyEmbeddings noisy) =>
        (student.Value - teacher.Value).square().mean() * noisy.Value.square().mean();
}

/// <summary>A custom term holds two passes together.</summary>
[LossRecipe(DistillationLayer = 1)]
[LossTerm.CePerformance(1.0)]
[LossTerm.L2Protection(0.05)]
public partial class HeldTogetherRecipe
{
    [LossTerm(0.3)]
    private static Tensor Apart(TeacherNoisyHidden teacher, StudentNoisyHidden student, StudentCleanHidden clean) =>
        (teacher.Value * student.Value).mean() + (clean.Value * student.Value).mean();
}

/// <summary>The terms of a sum with alpha fall into two parts.</summary>
[LossRecipe(Alpha = 0.3, DistillationLayer = 0)]
[LossTerm.DistillationL2Distance(1.0)]
[LossTerm.DistillationProtectionL2(0.5, MaxLoss = 4)]
[LossTerm.CleanEmbeddingPerformance(0.2)]
[LossTerm.StdLogRatio(0.4)]
[LossTerm.InputEmbeddingSimilarity(0.7)]
[LossTerm.InverseL2PowerLaw(0.05)]
public partial class AlphaRecipe;

/// <summary>Two passes, one of them with a gradient, and no term that needs two rows.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
public partial class PerformanceAloneRecipe;

/// <summary>No pass at all.</summary>
[LossRecipe]
[LossTerm.MedianNorm(0.1)]
[LossTerm.StdLogRatio(0.5)]
public partial class EmbeddingsRecipe;

/// <summary>Uses only the larger columns of the gradient, with a rough tolerance.</summary>
[LossRecipe(GradientFilter = 0.2)]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 5)]
public partial class FilteredRecipe;

/// <summary>Hard targets, and a mask that excludes most rows.</summary>
[LossRecipe(CeTarget = CeTarget.Hard)]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss | TokenMask.Noise)]
[LossTerm.CeProtection(0.25, MaxLoss = 10)]
[LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 5)]
public partial class HardRecipe;

/// <summary>Terms on rows of logits beside built-in ones, with and without the teacher's; more terms than a head's value deconstructs into.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.CleanEmbeddingsGuardrails(0.1)]
[LossTerm.DistillationCosineDistance(0.3)]
[LossTerm.DistillationL2Distance(0.2)]
[LossTerm.DistillationProtectionL2(0.1, MaxLoss = 3)]
[LossTerm.CleanEmbeddingPerformance(0.2)]
[LossTerm.MedianNorm(0.1)]
public partial class RowsRecipe
{
    [LossTerm(0.5)]
    private static Tensor Uncertainty(StudentNoisyLogitRows student) => -(student.Value.softmax(1) * student.Value.log_softmax(1)).sum(1);

    [LossTerm(0.4, Mask = TokenMask.Attention | TokenMask.Noise)]
    private static Tensor Margin(TeacherCleanLogitRows teacher, StudentNoisyLogitRows student) => (student.Value - teacher.Value).square().mean([1]);

    [LossTerm(0.3, RampSteps = 4)]
    private static Tensor Apart(TeacherNoisyLogitRows noisy, TeacherCleanLogitRows clean) => -(noisy.Value - clean.Value).square().amax([1]);

    [LossTerm(0.2)]
    private static Tensor Peak(StudentCleanLogitRows rows) => rows.Value.amax([1]);
}

/// <summary>One term, on rows of logits, without a pass of the teacher.</summary>
[LossRecipe]
public partial class RowsAloneRecipe
{
    [LossTerm(0.5)]
    private static Tensor Uncertainty(StudentNoisyLogitRows student) => -(student.Value.softmax(1) * student.Value.log_softmax(1)).sum(1);
}

/// <summary>The same with whole logits.</summary>
[LossRecipe]
public partial class WholeRecipe
{
    [LossTerm(0.5)]
    private static Tensor Uncertainty(StudentNoisyLogits student, LossMask mask) =>
        (-(student.Value.softmax(2) * student.Value.log_softmax(2)).sum(2) * mask.Value).sum() / mask.Value.sum();
}

/// <summary>The bounds on what x̃ reveals, with separate masks and for several copies.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.InformationRate(0.1, Mask = TokenMask.Noise | TokenMask.Loss, Repeats = 4)]
[LossTerm.PairwiseInformation(0.2)]
[LossTerm.LeaveOneOutInformation(0.3, Repeats = 2, RampSteps = 10)]
public partial class BoundsRecipe;

/// <summary>Terms that occur several times: on logits, in a chain of a pair, with parts, and on embeddings.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.CePerformance(0.4, Mask = TokenMask.Noise, Key = "ce_performance_of_noise")]
[LossTerm.CeProtection(0.25, MaxLoss = 10, ScalingFactor = 0.2)]
[LossTerm.CeProtection(0.1, MaxLoss = 5, ScalingFactor = 0.1, Mask = TokenMask.Noise, Key = "protection_of_noise")]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
[LossTerm.AbsoluteCosineSimilarity(0.3, Mask = TokenMask.Loss, Key = "cosine_of_loss")]
[LossTerm.MutualInformation(0.02)]
[LossTerm.MutualInformation(0.01, Mask = TokenMask.Attention, Key = "mutual_information_apart")]
[LossTerm.InformationRate(0.1)]
[LossTerm.InformationRate(0.2, Mask = TokenMask.Noise | TokenMask.Attention, Repeats = 4, Key = "information_rate_of_four", Ramp = Ramp.Geometric, RampStart = 0.01, RampSteps = 10)]
public partial class RepeatedTermsRecipe;

/// <summary>Terms of each kind that some steps leave out: on logits, at a layer, on a pair, with parts, custom ones that read one pass or two.</summary>
[LossRecipe(DistillationLayer = 1)]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, ScalingFactor = 0.2, Every = 4)]
[LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 10, ScalingFactor = 0.2, Every = 4)]
[LossTerm.L2Performance(0.5, Every = 2)]
[LossTerm.DistillationCosineDistance(0.3)]
[LossTerm.MutualInformation(0.02, Every = 2)]
[LossTerm.AbsoluteCosineSimilarity(0.5, Every = 2)]
[LossTerm.InputEmbeddingSimilarity(0.1)]
[LossTerm.InformationRate(0.1)]
public partial class SomeStepsRecipe
{
    [LossTerm(0.2, Every = 4)]
    private static Tensor Apart(TeacherNoisyHidden teacher, StudentNoisyHidden student) => (teacher.Value * student.Value).mean();

    [LossTerm(0.05, Every = 3)]
    private static Tensor NoiseFloor(TransformStds stds) => stds.Value.log().mean();

    [LossTerm(0.4, Every = 2, RampSteps = 2)]
    private static Tensor Margin(TeacherCleanLogitRows teacher, StudentNoisyLogitRows student) => (student.Value - teacher.Value).square().mean([1]);
}

/// <summary>The same terms, on all steps.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, ScalingFactor = 0.2, Every = 1)]
[LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 10, ScalingFactor = 0.2, Every = 1)]
[LossTerm.InformationRate(0.1, Every = 1)]
public partial class AllStepsRecipe;

/// <summary>Tokens weighed by surprisal, in two terms, one of them on some steps; one has no other reader of the teacher.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.InformationRate(0.1, Weighting = TokenWeighting.Surprisal, Repeats = 2)]
[LossTerm.InformationRate(0.2, Key = "rate_of_loss", Mask = TokenMask.Noise | TokenMask.Loss, Weighting = TokenWeighting.Surprisal, Every = 2)]
[LossTerm.InformationRate(0.3, Key = "plain_rate", Repeats = 2, Weighting = TokenWeighting.Uniform)]
public partial class SurprisalRecipe;

/// <summary>The teacher is run for surprisal alone.</summary>
[LossRecipe]
[LossTerm.InformationRate(0.1, Weighting = TokenWeighting.Surprisal)]
public partial class SurprisalAloneRecipe;

/// <summary>Prompts with other tokens, all and the surprising ones.</summary>
[LossRecipe]
[LossTerm.CePerformance(1.0)]
[LossTerm.CounterfactualDivergence(0.01, Mask = TokenMask.Noise)]
[LossTerm.CounterfactualDivergence(0.02, Key = "of_surprising", Mask = TokenMask.Noise, MinSurprisal = 2, Repeats = 3, Every = 2)]
public partial class CounterfactualRecipe;

/// <summary>A mask that only the text tells.</summary>
[LossRecipe]
[LossTerm.CounterfactualDivergence(0.01)]
public partial class NotInReplyRecipe;
