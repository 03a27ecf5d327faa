using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Passes;
using Jigsaw.Steps;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

public sealed class TruncatedNoisyModelTests
{
    private static readonly LossPlan _layerOnly = new(
        1, false, new PassPlan(Pass.TeacherClean, GradientFlow.None, logits: false, layer: true, "x"), new PassPlan(Pass.StudentNoisy, GradientFlow.All, logits: false, layer: true, "x"));

    private static readonly LossPlan _withLogits = new(
        1, false, new PassPlan(Pass.TeacherClean, GradientFlow.None, logits: true, layer: true, "x"), new PassPlan(Pass.StudentNoisy, GradientFlow.All, logits: true, layer: true, "x"));

    [Fact]
    public void A_plan_that_reads_layers_alone_runs_on_an_offloaded_model_as_on_a_whole_one()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        using var teacher = new NoisyTeacher(model);
        using var student = new NoisyStudent(model, new LoraConfig { Rank = 2 });
        var batch = Batch(model);
        var binding = new object();
        teacher.Bind(_layerOnly, binding);
        teacher.Forward(batch);
        var whole = Layer(teacher, binding);
        model.Offload(1);
        teacher.Forward(batch);
        Assert.Equal(whole, Layer(teacher, binding));
        student.Bind(_layerOnly, binding);
        student.Forward(batch);
        Assert.NotEmpty(Layer(student, binding));
    }

    [Fact]
    public void A_plan_that_reads_logits_or_a_later_layer_is_refused_on_an_offloaded_model()
    {
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        using var teacher = new NoisyTeacher(model);
        model.Offload(1);
        Assert.Contains("reads the logits of TeacherClean", Assert.Throws<ArgumentException>(() => teacher.Bind(_withLogits, new object())).Message, StringComparison.Ordinal);
        model.Restore();
        model.Offload(0);
        Assert.Contains("truncated after layer 0", Assert.Throws<ArgumentException>(() => teacher.Bind(_layerOnly, new object())).Message, StringComparison.Ordinal);
        model.Restore();
        teacher.Bind(_withLogits, new object());
    }

    [Fact]
    public void A_forward_that_fails_leaves_the_model_usable()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLM.Load(Oracle.Directory("llama-gqa"), CPU, ScalarType.Float32);
        using var teacher = new NoisyTeacher(model);
        var batch = Batch(model);
        var binding = new object();
        teacher.Bind(_withLogits, binding);
        model.Offload(1);
        Assert.Throws<InvalidOperationException>(() => teacher.Forward(batch));
        Assert.Null(teacher.Taken(binding));
        model.Restore();
        teacher.Forward(batch);
        Assert.NotEmpty(Layer(teacher, binding));
    }

    private static float[] Layer(NoisyModel model, object binding) => [.. Assert.Single(model.Taken(binding)!.Passes).Layer.data<float>()];

    private static TransformedBatch Batch(CausalLM model)
    {
        var ids = arange(8, dtype: ScalarType.Int64).reshape(2, 4).add(3);
        var clean = model.Embed(ids);
        var mask = RowMask.FromHost([.. Enumerable.Repeat(true, 8)], 2, 4, CPU);
        return new TransformedBatch
        {
            InputIds = ids,
            AttentionMask = mask,
            NoiseMask = mask,
            Clean = clean,
            Noisy = clean + 0.1,
            Means = zeros_like(clean) + 0.1,
            Stds = ones_like(clean),
            StdMax = 2,
            MedianNorm = 1,
        };
    }
}
