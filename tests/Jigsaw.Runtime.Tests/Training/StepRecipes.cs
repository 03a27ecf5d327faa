using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

#pragma warning disable JIG0045, JIG0048, JIG0049 // These recipes are for their gradients, not for training.

/// <summary>All four passes, on logits, at a layer and on embeddings, with terms of one's own of each kind.</summary>
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

/// <summary>A term of one's own holds two passes together.</summary>
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

/// <summary>No pass at all.</summary>
[LossRecipe]
[LossTerm.MedianNorm(0.1)]
[LossTerm.StdLogRatio(0.5)]
public partial class EmbeddingsRecipe;

/// <summary>Hard targets, and a mask that leaves most rows out.</summary>
[LossRecipe(CeTarget = CeTarget.Hard)]
[LossTerm.CePerformance(1.0, Mask = TokenMask.Loss | TokenMask.Noise)]
[LossTerm.CeProtection(0.25, MaxLoss = 10)]
[LossTerm.CleanEmbeddingsGuardrails(0.1, MaxLoss = 5)]
public partial class HardRecipe;
