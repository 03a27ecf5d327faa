using Jigsaw.Batches;
using Jigsaw.Compatibility;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>When the three closures of a bound recipe may be called, and what Bind refuses.</summary>
public sealed class ClosureTests : IDisposable
{
    private readonly CausalLM _model = LoadModel();
    private readonly NoisyTeacher _teacher;
    private readonly NoisyStudent _student;
    private readonly StainedGlassTransform _transform;
    private readonly RandomBatches _batches;

    public ClosureTests()
    {
        _teacher = new NoisyTeacher(_model);
        _student = new NoisyStudent(_model, new LoraConfig { Rank = 2 });
        _transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { InitialRho = 0 } });
        _batches = new RandomBatches((int)_model.EmbeddingTable.shape[0]);
    }

    public void Dispose()
    {
        _transform.Dispose();
        _student.Dispose();
        _teacher.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void Each_closure_may_be_called_once_after_a_forward_of_both_models()
    {
        using var scope = NewDisposeScope();
        using var batch = _batches.At(0);
        var (loss, components, hyperparameters) = TrajectoryRecipe.Bind(_teacher, _student);
        for (var step = 0; step < 2; step++)
        {
            Forward(batch);
            loss(batch.LossMask);
            components();
            Assert.Equal(1.0, hyperparameters().CePerformanceWeight);
            AssertSaid(() => loss(batch.LossMask), "loss may be called once after a forward of both models");
            AssertSaid(() => components(), "components may be called once after a forward of both models");
            AssertSaid(() => hyperparameters(), "hyperparameters may be called once after a forward of both models");
        }
    }

    [Fact]
    public void A_forward_of_one_model_alone_is_not_enough()
    {
        using var scope = NewDisposeScope();
        using var batch = _batches.At(0);
        var (loss, _, hyperparameters) = TrajectoryRecipe.Bind(_teacher, _student);
        AssertSaid(() => loss(batch.LossMask), "teacher.Forward");
        _teacher.Forward(_transform.Apply(batch));
        AssertSaid(() => loss(batch.LossMask), "student.Forward");
        AssertSaid(() => hyperparameters(), "student.Forward");
    }

    [Fact]
    public void Components_are_not_known_before_the_loss()
    {
        using var scope = NewDisposeScope();
        using var batch = _batches.At(0);
        var (loss, components, _) = TrajectoryRecipe.Bind(_teacher, _student);
        Forward(batch);
        AssertSaid(() => components(), "call loss(lossMask) first");
        loss(batch.LossMask);
        components();
        Forward(batch);
        AssertSaid(() => components(), "call loss(lossMask) first");
    }

    [Fact]
    public void Components_outlive_the_scope_of_their_step_and_carry_no_graph()
    {
        TrajectoryRecipe.Components found;
        double composite;
        using (NewDisposeScope())
        {
            using var batch = _batches.At(0);
            var (loss, components, _) = TrajectoryRecipe.Bind(_teacher, _student);
            Forward(batch);
            composite = loss(batch.LossMask).ToDouble();
            found = components();
        }

        using (found)
        {
            Assert.Equal(composite, found.CompositeLoss.ToDouble());
            Assert.Equal(composite, found.Read()["composite_loss"]);
            Assert.All(found, pair => Assert.False(pair.Value.requires_grad, pair.Key));
        }
    }

    [Fact]
    public void Teacher_and_student_must_see_the_same_sample()
    {
        using var scope = NewDisposeScope();
        using var batch = _batches.At(0);
        var (loss, _, _) = TrajectoryRecipe.Bind(_teacher, _student);
        _teacher.Forward(_transform.Apply(batch));
        _student.Forward(_transform.Apply(batch));
        AssertSaid(() => loss(batch.LossMask), "different batches");
    }

    [Fact]
    public void A_loss_mask_of_another_shape_is_refused()
    {
        using var scope = NewDisposeScope();
        using var batch = _batches.At(0);
        var (loss, _, _) = TrajectoryRecipe.Bind(_teacher, _student);
        Forward(batch);
        Assert.Contains("(2, 3)", Assert.Throws<ArgumentException>(() => loss(RowMask.FromTensor(zeros(2, 3, dtype: ScalarType.Bool)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Activations_are_the_models_and_freed_by_the_loss()
    {
        using var scope = NewDisposeScope();
        using var batch = _batches.At(0);
        var (loss, _, _) = CapturingRecipe.Bind(_teacher, _student);
        var noisy = _transform.Apply(batch);
        var before = scope.DisposablesCount;
        _teacher.Forward(noisy);
        _student.Forward(noisy);
        Assert.Equal(before, scope.DisposablesCount);
        var value = loss(batch.LossMask);
        Assert.True(CapturingRecipe.Seen!.IsInvalid);
        value.backward();
        Assert.Contains(_student.Adapters.NamedParameters, parameter => parameter.Value.grad is { } gradient && gradient.abs().max().ToDouble() > 0);
    }

    [Fact]
    public void After_a_loss_that_failed_both_models_have_to_be_run_again()
    {
        using var scope = NewDisposeScope();
        using var batch = _batches.At(0);
        var (loss, _, _) = TrajectoryRecipe.Bind(_teacher, _student);
        Forward(batch);
        Assert.Throws<ArgumentException>(() => loss(RowMask.FromTensor(zeros(2, 3, dtype: ScalarType.Bool))));
        AssertSaid(() => loss(batch.LossMask), "a loss that failed");
        Forward(batch);
        loss(batch.LossMask);
    }

    [Fact]
    public void A_batch_without_a_noise_mask_is_refused()
    {
        using var scope = NewDisposeScope();
        using var batch = _batches.At(0);
        var (loss, _, _) = TrajectoryRecipe.Bind(_teacher, _student);
        var noisy = _transform.Apply(batch);
        var without = new TransformedBatch
        {
            InputIds = noisy.InputIds,
            AttentionMask = noisy.AttentionMask,
            NoiseMask = null!,
            Clean = noisy.Clean,
            Noisy = noisy.Noisy,
            Means = noisy.Means,
            Stds = noisy.Stds,
            StdMax = noisy.StdMax,
            MedianNorm = noisy.MedianNorm,
        };
        _teacher.Forward(without);
        _student.Forward(without);
        AssertSaid(() => loss(batch.LossMask), "noise mask");
    }

    [Fact]
    public void A_forward_without_a_bound_recipe_says_so()
    {
        using var scope = NewDisposeScope();
        using var batch = _batches.At(0);
        AssertSaid(() => _teacher.Forward(_transform.Apply(batch)), "Bind(teacher, student)");
    }

    [Fact]
    public void The_closures_of_a_recipe_end_when_its_models_are_bound_to_another()
    {
        using var scope = NewDisposeScope();
        using var batch = _batches.At(0);
        var (first, _, _) = TrajectoryRecipe.Bind(_teacher, _student);
        var (second, _, _) = TrajectoryRecipe.Bind(_teacher, _student);
        Forward(batch);
        AssertSaid(() => first(batch.LossMask), "bound to another recipe");
        second(batch.LossMask);
    }

    [Fact]
    public void Teacher_and_student_must_share_their_base()
    {
        using var other = LoadModel();
        using var student = new NoisyStudent(other, new LoraConfig { Rank = 2 });
        Assert.Contains("different base models", Assert.Throws<ArgumentException>(() => TrajectoryRecipe.Bind(_teacher, student)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_that_the_model_does_not_have_is_refused()
    {
        var exception = Assert.Throws<ArgumentException>(() => JigsawLosses.CreateJigsawSgtLoss(_teacher, _student, jigsawL2PerformanceLossWeight: 1, distillationLayerIndex: 4));
        Assert.Contains("4", exception.Message, StringComparison.Ordinal);
        Assert.Contains("0 to 3", exception.Message, StringComparison.Ordinal);
    }

    private static CausalLM LoadModel() => CausalLM.Load(TestData.Path("models", "llama-gqa"), CPU, ScalarType.Float32);

    private static void AssertSaid(Action call, string sentence) =>
        Assert.Contains(sentence, Assert.Throws<InvalidOperationException>(call).Message, StringComparison.Ordinal);

    private static void AssertSaid<T>(Func<T> call, string sentence) => AssertSaid(() => { call(); }, sentence);

    private void Forward(TokenBatch batch)
    {
        var noisy = _transform.Apply(batch);
        _teacher.Forward(noisy);
        _student.Forward(noisy);
    }
}
