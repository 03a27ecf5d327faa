using Jigsaw.Runtime.Tests.Training;
using Jigsaw.Compatibility;
using Jigsaw.Losses;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class RunTimeCompositionTests : IDisposable
{
    private readonly CausalLM _model = CausalLM.Load(TestData.Path("models", "llama-gqa"), CPU, ScalarType.Float32);
    private readonly NoisyTeacher _teacher;
    private readonly NoisyStudent _student;
    private readonly StainedGlassTransform _transform;

    public RunTimeCompositionTests()
    {
        _teacher = new NoisyTeacher(_model);
        _student = new NoisyStudent(_model, new LoraConfig { Rank = 2 });
        _transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { InitialRho = 0 } });
    }

    public void Dispose()
    {
        _transform.Dispose();
        _student.Dispose();
        _teacher.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void The_sgt_factory_gives_the_recipes_numbers_bit_for_bit() => Agree(
        () => FullSgtRecipe.Bind(_teacher, _student),
        () => JigsawLosses.CreateJigsawSgtLoss(
            _teacher,
            _student,
            absoluteCosineSimilarityPenaltyWeight: 0.5,
            jigsawCePerformanceLossWeight: 1,
            jigsawCeProtectionLossWeight: 0.25,
            jigsawCeProtectionMaxLoss: 10,
            jigsawCeProtectionLossScalingFactor: 0.7,
            mutualInformationLossWeight: 0.01,
            medianNormPenaltyWeight: 0.1,
            jigsawCleanEmbeddingsGuardrailsLossWeight: 0.15,
            distillationLayerIndex: 1,
            jigsawL2PerformanceLossWeight: 0.9,
            jigsawL2ProtectionLossWeight: 0.3,
            combineNoiseMasksForMutualInformationSubBatches: false));

    [Fact]
    public void The_older_factory_gives_the_recipes_numbers_bit_for_bit_at_a_layer() => Agree(
        () => LayerRecipe.Bind(_teacher, _student),
        () => JigsawLosses.CreateJigsawLoss(_teacher, _student, 1, 0.3, 0.05, 0.3, 0.7, 0.4, 0.15, false, 0.35, 0.02, 0.3, 2));

    [Fact]
    public void The_older_factory_gives_the_recipes_numbers_bit_for_bit_at_the_logits() => Agree(
        () => LogitsRecipe.Bind(_teacher, _student),
        () => JigsawLosses.CreateJigsawLoss(_teacher, _student, null, 0.3, 0.05, 0.3, 0.7, 0.4, 0.15, true, 0.35, 0.02));

    private void Agree<TComponents, THyperparameters>(Func<JigsawLoss<TComponents, THyperparameters>> recipe, Func<JigsawLoss<ComponentLosses, FactoryHyperparameters>> factory)
        where TComponents : ComponentLosses
        where THyperparameters : RecipeHyperparameters
    {
        using var scope = NewDisposeScope();
        using var batch = new RandomBatches((int)_model.EmbeddingTable.shape[0]).At(3);
        var noisy = _transform.Apply(batch);
        Tensor[] read = [noisy.Means, noisy.Stds, noisy.Noisy];
        foreach (var tensor in read)
        {
            tensor.retain_grad();
        }

        (Dictionary<string, float> Values, float[] Gradient, string Plan) Run<TC, TH>(JigsawLoss<TC, TH> bound)
            where TC : ComponentLosses
            where TH : RecipeHyperparameters
        {
            _teacher.Forward(noisy);
            _student.Forward(noisy);
            foreach (var tensor in read)
            {
                tensor.grad = null;
            }

            bound.Loss(batch.LossMask).backward(retain_graph: true);
            var gradient = cat([.. read.Where(tensor => tensor.grad is not null).Select(tensor => tensor.grad!.reshape(-1))]);
            IReadOnlyDictionary<string, Tensor> components = bound.Components();
            return (components.ToDictionary(pair => pair.Key, pair => pair.Value.item<float>()), gradient.data<float>().ToArray(), bound.Plan.ToString());
        }

        var (expected, actual) = (Run(recipe()), Run(factory()));
        Assert.Equal(expected.Values.OrderBy(pair => pair.Key, StringComparer.Ordinal), actual.Values.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        Assert.Equal(expected.Gradient, actual.Gradient);
        Assert.Equal(expected.Plan, actual.Plan);
    }
}

// The original's factories have only one cap, and these recipes do the same.
#pragma warning disable JIG0045

[LossRecipe(DistillationLayer = 1)]
[LossTerm.AbsoluteCosineSimilarity(0.5)]
[LossTerm.CePerformance(1)]
[LossTerm.CeProtection(0.25, MaxLoss = 10, ScalingFactor = 0.7)]
[LossTerm.MutualInformation(0.01, CombineNoiseMasks = false)]
[LossTerm.MedianNorm(0.1)]
[LossTerm.CleanEmbeddingsGuardrails(0.15)]
[LossTerm.L2Performance(0.9)]
[LossTerm.L2Protection(0.3)]
internal static partial class FullSgtRecipe;

[LossRecipe(DistillationLayer = 1, Alpha = 0.3)]
[LossTerm.StdLogRatio(0.05)]
[LossTerm.InputEmbeddingSimilarity(0.3)]
[LossTerm.DistillationCosineDistance(0.7)]
[LossTerm.DistillationL2Distance(0.4)]
[LossTerm.DistillationProtectionL2(0.15, ApplyLossMask = false)]
[LossTerm.CleanEmbeddingPerformance(0.35)]
[LossTerm.InverseL2PowerLaw(0.02, CharacteristicLength = 0.3, ExponentOfDecay = 2)]
internal static partial class LayerRecipe;

[LossRecipe(Alpha = 0.3)]
[LossTerm.StdLogRatio(0.05)]
[LossTerm.InputEmbeddingSimilarity(0.3)]
[LossTerm.DistillationCosineDistance(0.7)]
[LossTerm.DistillationL2Distance(0.4)]
[LossTerm.DistillationProtectionL2(0.15)]
[LossTerm.CleanEmbeddingPerformance(0.35)]
[LossTerm.InverseL2PowerLaw(0.02)]
internal static partial class LogitsRecipe;
