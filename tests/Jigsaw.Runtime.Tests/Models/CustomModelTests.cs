using Jigsaw.Batches;
using Jigsaw.Losses;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Runtime.Tests.Training;
using Jigsaw.Steps;
using Jigsaw.Training;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

/// <summary>A model and adapters that Jigsaw knows nothing of, trained by generated recipes.</summary>
public sealed class CustomModelTests : IDisposable
{
    private const int Vocabulary = 40;

    private readonly RunningMeanModel _model = new(Vocabulary, features: 16, layers: 3, seed: 3);
    private readonly RunningMeanModel.Offsets _offsets;
    private readonly NoisyTeacher _teacher;
    private readonly NoisyStudent _student;
    private readonly StainedGlassTransform _transform;
    private readonly TokenBatch _batch = new RandomBatches(Vocabulary).At(0);

    public CustomModelTests()
    {
        _offsets = new RunningMeanModel.Offsets(_model);
        _teacher = new NoisyTeacher(_model);
        _student = new NoisyStudent(_model, _offsets);
        _transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { InitialRho = 0 } }, seed: 1);
    }

    public void Dispose()
    {
        _batch.Dispose();
        _transform.Dispose();
        _student.Dispose();
        _teacher.Dispose();
        _offsets.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void A_trainer_trains_it_and_leaves_the_base_unchanged()
    {
        var before = _model.Weights.Select(weight => weight.clone()).ToArray();
        using var clean = _model.Run(_transform.Apply(_batch).Clean, _batch.AttentionMask).Last!.clone();
        using var trainer = new Trainer(TrajectoryRecipe.Bind(_teacher, _student), _transform, new RandomBatches(Vocabulary, different: 1), new TrainingOptions { Steps = 60, WarmupSteps = 5, LearningRate = 1e-2 });
        var losses = new List<double>();
        trainer.Run(step => losses.Add(step.Loss));
        Assert.True(losses.TakeLast(10).Average() < losses[0] - 1, $"{losses[0]} to {losses.TakeLast(10).Average()}");
        Assert.All(_model.Weights.Zip(before), pair => Assert.True(pair.First.IsSame(pair.Second)));
        Assert.All(_model.Weights, weight => Assert.Null(weight.grad));
        Assert.True(clean.IsSame(_model.Run(_transform.Apply(_batch).Clean, _batch.AttentionMask).Last!));
        Assert.All(_offsets.NamedParameters, offset => Assert.True(offset.Value.abs().max().item<float>() > 1e-3, offset.Name));
    }

    [Fact]
    public void Closures_train_it_too()
    {
        var (loss, components, _) = TrajectoryRecipe.Bind(_teacher, _student);
        using var optimizer = JigsawOptimizer.AdamW(_transform, _student, 1e-2);
        var losses = new List<double>();
        for (var step = 0; step < 60; step++)
        {
            using var scope = NewDisposeScope();
            var noisy = _transform.Apply(_batch);
            _teacher.Forward(noisy);
            _student.Forward(noisy);
            optimizer.zero_grad();
            loss(_batch.LossMask).backward();
            optimizer.step();
            using var values = components();
            losses.Add(values.Read()[ComponentLosses.CompositeKey]);
        }

        Assert.True(losses.TakeLast(10).Average() < losses[0] - 1, $"{losses[0]} to {losses.TakeLast(10).Average()}");
    }

    [Fact]
    public void A_step_gives_the_gradients_of_the_closures()
    {
        AssertSame(() => EverythingRecipe.Bind(_teacher, _student));
        AssertSame(() => HeldTogetherRecipe.Bind(_teacher, _student));
        AssertSame(() => AlphaRecipe.Bind(_teacher, _student));
        AssertSame(() => RowsRecipe.Bind(_teacher, _student));
    }

    [Fact]
    public void Its_training_resumes_to_the_same_numbers()
    {
        using var folder = new TemporaryFolder();
        var options = new TrainingOptions { Steps = 6, CheckpointDirectory = folder.Path, CheckpointEvery = 4 };
        float[] expected;
        using (var whole = new Trainer(TrajectoryRecipe.Bind(_teacher, _student), _transform, new RandomBatches(Vocabulary), options with { CheckpointEvery = 100, CheckpointDirectory = null }))
        {
            whole.Run();
            expected = Values(_offsets);
        }

        using var transform = new StainedGlassTransform(_model.EmbeddingTable, _transform.Config, seed: 1);
        using var offsets = new RunningMeanModel.Offsets(_model);
        using var student = new NoisyStudent(_model, offsets);
        using (var first = new Trainer(TrajectoryRecipe.Bind(_teacher, student), transform, new RandomBatches(Vocabulary), options))
        {
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => first.Run(
                step =>
                {
                    if (step.Step == 4)
                    {
                        stop.Cancel();
                    }
                },
                stop.Token));
        }

        using var resumedTransform = new StainedGlassTransform(_model.EmbeddingTable, _transform.Config, seed: 1);
        using var resumedOffsets = new RunningMeanModel.Offsets(_model);
        using var resumedStudent = new NoisyStudent(_model, resumedOffsets);
        using var resumed = new Trainer(TrajectoryRecipe.Bind(_teacher, resumedStudent), resumedTransform, new RandomBatches(Vocabulary), options);
        Assert.True(resumed.Resume());
        resumed.Run();
        Assert.Equal(expected, Values(resumedOffsets));
    }

    [Fact]
    public void Rematerializing_it_is_refused()
    {
        var jigsaw = TrajectoryRecipe.Bind(_teacher, _student);
        jigsaw.Rematerialize = true;
        using var scope = NewDisposeScope();
        Assert.Contains("RunningMeanModel with Offsets", Assert.Throws<InvalidOperationException>(() => jigsaw.RunStep(_transform.Apply(_batch), _batch.LossMask)).Message, StringComparison.Ordinal);
    }

    private static float[] Values(RunningMeanModel.Offsets offsets) => [.. offsets.NamedParameters.SelectMany(offset => offset.Value.detach().data<float>().ToArray())];

    private void AssertSame<TComponents, THyperparameters>(Func<JigsawLoss<TComponents, THyperparameters>> bind)
        where TComponents : ComponentLosses
        where THyperparameters : RecipeHyperparameters
    {
        using var scope = NewDisposeScope();
        var (loss, components, _) = bind();
        var noisy = Apply();
        _teacher.Forward(noisy);
        _student.Forward(noisy);
        loss(_batch.LossMask).backward();
        using var expected = components();
        var gradients = Taken();
        using var actual = bind().RunStep(Apply(), _batch.LossMask);
        foreach (var (key, value) in expected.Read())
        {
            Assert.Equal(value, actual.Read()[key], 1e-4);
        }

        var found = Taken();
        Assert.Equal(gradients.Keys, found.Keys);
        Assert.Contains("offsets.0", found.Keys);
        var largest = gradients.Values.Max(gradient => gradient.norm().item<float>());
        Assert.All(gradients, pair => Assert.True((pair.Value - found[pair.Key]).norm().item<float>() <= 2e-5 * Math.Max(pair.Value.norm().item<float>(), 1e-2 * largest), pair.Key));
    }

    private TransformedBatch Apply()
    {
        _transform.Samples = 0;
        return _transform.Apply(_batch);
    }

    private Dictionary<string, Tensor> Taken()
    {
        var gradients = new Dictionary<string, Tensor>();
        foreach (var (name, parameter) in _student.Adapters.NamedParameters.Concat(_transform.Parameters.Select(parameter => (parameter.Name, parameter.Value))))
        {
            if (parameter.grad is { } gradient)
            {
                gradients.Add(name, gradient.clone());
                parameter.grad = null;
            }
        }

        return gradients;
    }
}
