using Jigsaw.Batches;
using Jigsaw.Compatibility;
using Jigsaw.CompilerServices;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Passes;
using Jigsaw.Steps;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

public sealed class JigsawLossesTests
{
    [Theory]
    [InlineData(CeTarget.Soft, true)]
    [InlineData(CeTarget.Hard, true)]
    [InlineData(CeTarget.Soft, false)]
    [InlineData(CeTarget.Hard, false)]
    public void Super_batches_of_logits_give_what_the_streaming_head_gives(CeTarget target, bool packed)
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(4);
        var (attention, loss) = (steps.Mask(steps.Bits(6, 0.8), 2, 3, packed), steps.Mask(steps.Bits(6, 0.5), 2, 3, packed));
        var head = new LanguageModelHead(steps.Numbers(11, 4));
        Tensor[] hidden = [.. Enumerable.Range(0, 4).Select(_ => steps.Numbers(2, 3, 4).requires_grad_())];
        var activations = new ActivationsDict
        {
            [ActivationsDict.TeacherLogits] = head.Logits(cat([hidden[0], hidden[1]])),
            [ActivationsDict.StudentLogits] = head.Logits(cat([hidden[2], hidden[3]])),
        };
        var losses = new ComponentLossesDict { ["kept"] = zeros(1) };
        Assert.Same(losses, JigsawLosses.ComputeJigsawCeLosses(activations, 2, 3, 11, attention, loss, losses, 5, 0.5, target));
        Assert.Equal(4, losses.Count);
        (losses["jigsaw_ce_performance_loss"] - losses["jigsaw_ce_protection_loss"] - losses["jigsaw_clean_embeddings_guardrails_loss"]).backward();
        var gradients = hidden.Select(h => h.grad?.clone() ?? zeros_like(h)).ToArray();

        foreach (var h in hidden)
        {
            h.grad = null;
        }

        var streaming = LogitTerms.Begin(
            Steps.Of(attention, attention, hidden[0].detach(), head, (Pass.TeacherClean, hidden[0], null), (Pass.TeacherNoisy, hidden[1], null), (Pass.StudentClean, hidden[2], null), (Pass.StudentNoisy, hidden[3], null)),
            target);
        streaming.CrossEntropy(Pass.StudentNoisy, 1, attention);
        streaming.CrossEntropy(Pass.TeacherNoisy, -1, loss, 5, 0.5);
        streaming.CrossEntropy(Pass.StudentClean, -1, loss);
        var (value, performance, protection, guardrails) = streaming.Run();
        value.Value.backward();
        Steps.Near(performance, losses["jigsaw_ce_performance_loss"], 1e-12, "performance");
        Steps.Near(protection, losses["jigsaw_ce_protection_loss"], 1e-12, "protection");
        Steps.Near(guardrails, losses["jigsaw_clean_embeddings_guardrails_loss"], 1e-12, "guardrails");
        for (var i = 0; i < 4; i++)
        {
            Steps.Near(gradients[i], hidden[i].grad ?? zeros_like(hidden[i]), 1e-12, $"gradient {i}");
        }
    }

    [Fact]
    public void Super_batches_of_hidden_states_give_both_distances()
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(4);
        var loss = steps.Mask(steps.Bits(6, 0.5), 2, 3);
        var (teacher, student) = (steps.Numbers(4, 3, 5), steps.Numbers(4, 3, 5));
        var losses = JigsawLosses.ComputeJigsawL2Losses(
            new ActivationsDict { [ActivationsDict.TeacherDistillationLayerEmbeddings] = teacher, [ActivationsDict.StudentDistillationLayerEmbeddings] = student },
            4,
            loss,
            []);
        Steps.Near(PairLoss.Begin(student.narrow(0, 2, 2), teacher.narrow(0, 0, 2)).NormalizedL2(loss).Value(), losses["jigsaw_l2_performance_loss"], 0, "performance");
        Steps.Near(PairLoss.Begin(teacher.narrow(0, 2, 2), teacher.narrow(0, 0, 2)).NormalizedL2(loss).Value(), losses["jigsaw_l2_protection_loss"], 0, "protection");
    }

    [Fact]
    public void Flat_logits_and_labels_are_what_the_shaped_ones_are()
    {
        using var scope = NewDisposeScope();
        var steps = new Steps(4, ScalarType.Float32);
        var mask = steps.Mask(steps.Bits(6, 0.5), 2, 3);
        var (logits, labels) = (steps.Numbers(2, 3, 7), tensor(new long[] { 0, 1, 2, 3, 4, 5 }).reshape(2, 3));
        var shaped = JigsawLosses.MaskedCrossEntropy(logits, labels, mask, 4, 0.3).item<float>();
        Assert.Equal(shaped, JigsawLosses.ComputeMaskedCrossEntropy(logits.reshape(6, 7), labels.reshape(6).to(ScalarType.Int32), 2, 3, mask, 4, 0.3).item<float>());
        Assert.Equal(shaped, JigsawLosses.ComputeMaskedCrossEntropy(logits, nn.functional.one_hot(labels, 7).to(ScalarType.Float32), 2, 3, mask, 4, 0.3).item<float>(), 1e-6f);
    }

    [Fact]
    public void Bad_arguments_are_named_with_value_and_remedy()
    {
        using var scope = NewDisposeScope();
        var mask = RowMask.FromHost([true, true], 1, 2, CPU);
        var (logits, labels) = (zeros(1, 2, 3), zeros([1, 2], dtype: ScalarType.Int64));
        Says("maxLoss is -1; use a finite number that is greater than 0", () => JigsawLosses.MaskedCrossEntropy(logits, labels, mask, -1));
        Says("scalingFactor is NaN", () => JigsawLosses.MaskedCrossEntropy(logits, labels, mask, 1, double.NaN));
        Says("give integer labels of shape (1, 2)", () => JigsawLosses.MaskedCrossEntropy(logits, zeros([1, 3], dtype: ScalarType.Int64), mask));
        Says("targets has the shape (1, 2, 4)", () => JigsawLosses.MaskedCrossEntropy(logits, zeros(1, 2, 4), mask));
        Says("mask has the shape (1, 2)", () => JigsawLosses.MaskedCrossEntropy(zeros(2, 2, 3), zeros([2, 2], dtype: ScalarType.Int64), mask));
        Says("give (batch, sequence, features)", () => JigsawLosses.ComputeMaskedNormalizedL2Loss(zeros(2, 3), zeros(2, 3), mask));
        Says("use float32, float64, bfloat16 or float16", () => JigsawLosses.ComputeMaskedNormalizedL2Loss(labels, labels, mask));
        Says("has no 'teacher_logits'", () => JigsawLosses.ComputeJigsawCeLosses([], 1, 2, 3, mask, mask, [], null, 1));
        Says("give (4, 2, 3)", () => JigsawLosses.ComputeJigsawCeLosses(new ActivationsDict { [ActivationsDict.TeacherLogits] = logits }, 2, 2, 3, mask, mask, [], null, 1));
        Says("percentile is 101", () => JigsawLosses.RecommendedCharacteristicLength(zeros(3, 2), 101));
        Says("at least two rows", () => JigsawLosses.RecommendedCharacteristicLength(zeros(1, 2)));
        Says("alpha is 1.5; use a number from 0 to 1", () => JigsawLosses.JigsawProgram(0, 1.5, 1, 1, 1));
        Says("inverseL2PowerLawExponentOfDecay is -2; use a finite number that is greater than 0", () => JigsawLosses.JigsawProgram(0, 0.5, 1, 1, 1, inverseL2PowerLawCatalystLossWeight: 1, inverseL2PowerLawExponentOfDecay: -2));
        Says("stdLogRatioLossWeight is -1; use a finite number that is at least 0", () => JigsawLosses.JigsawProgram(0, 0.5, -1, 1, 1));
        Says("All weights are 0", () => JigsawLosses.JigsawSgtProgram());
        Says("jigsawL2PerformanceLossWeight is 0.5, but distillationLayerIndex is null", () => JigsawLosses.JigsawSgtProgram(jigsawL2PerformanceLossWeight: 0.5));
        Says("jigsawL2ProtectionLossWeight is 1, but distillationLayerIndex is null", () => JigsawLosses.JigsawSgtProgram(jigsawL2ProtectionLossWeight: 1));
    }

    [Fact]
    public void A_factory_plans_only_what_its_weights_need()
    {
        static string[] Passes(LossProgram program) => [.. program.Plan.Passes.Select(pass => $"{pass.Pass} {pass.Gradient}{(pass.Logits ? " logits" : "")}{(pass.Layer ? " layer" : "")}")];
        Assert.Equal(["TeacherClean None logits", "StudentNoisy All logits"], Passes(JigsawLosses.JigsawSgtProgram(jigsawCePerformanceLossWeight: 1).Program));
        Assert.Equal(
            ["TeacherClean None logits layer", "TeacherNoisy Input logits", "StudentNoisy All layer", "StudentClean Adapters logits"],
            Passes(JigsawLosses.JigsawSgtProgram(jigsawCeProtectionLossWeight: 1, jigsawCleanEmbeddingsGuardrailsLossWeight: 1, distillationLayerIndex: 1, jigsawL2PerformanceLossWeight: 1).Program));
        Assert.Empty(Passes(JigsawLosses.JigsawSgtProgram(mutualInformationLossWeight: 1).Program));
        Assert.Equal(["TeacherClean None logits", "StudentNoisy All logits"], Passes(JigsawLosses.JigsawProgram(null, 0.5, 1, 0, 1).Program));
        Assert.Equal(["TeacherClean None layer", "StudentNoisy All layer"], Passes(JigsawLosses.JigsawProgram(3, 0.5, 1, 0, 1).Program));
    }

    [Fact]
    public void A_factory_refuses_a_layer_that_the_model_lacks_and_logits_of_an_offloaded_one()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(TestData.Path("models", "llama-gqa"), CPU, ScalarType.Float32);
        using var teacher = new NoisyTeacher(model);
        using var student = new NoisyStudent(model, new LoraConfig { Rank = 2 });
        Says($"distillationLayerIndex is {model.LayerCount}, but the model has layers 0 to {model.LayerCount - 1}", () => JigsawLosses.CreateJigsawLoss(teacher, student, model.LayerCount, 0.5, 1, 1, 1));
        model.Offload(0);
        Says("jigsawCePerformanceLossWeight", () => JigsawLosses.CreateJigsawSgtLoss(teacher, student, jigsawCePerformanceLossWeight: 1));
        Says("distillationLayerCosineDistanceLossWeight", () => JigsawLosses.CreateJigsawLoss(teacher, student, null, 0.5, 0, 0, 1));
        var bound = JigsawLosses.CreateJigsawSgtLoss(teacher, student, distillationLayerIndex: 0, jigsawL2PerformanceLossWeight: 1);
        Assert.Equal(0, bound.Hyperparameters.ToDictionary()["distillation_layer_index"]);
    }

    private static void Says(string words, Action action)
    {
        var exception = Assert.ThrowsAny<ArgumentException>(action);
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }
}
