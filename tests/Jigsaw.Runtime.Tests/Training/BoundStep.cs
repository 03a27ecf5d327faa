using Jigsaw.Batches;
using Jigsaw.Losses;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Models;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Training;

/// <summary>A step of a small model of a family with adapters that do something, and a transform.</summary>
internal sealed class BoundStep
{
    internal const double Tolerance = 2e-5;

    private readonly CausalLM _model;
    private readonly StainedGlassTransform _drawing;

    public BoundStep(List<IDisposable> owned, string family, LoraConfig? lora = null, ScalarType type = ScalarType.Float32, Func<int, RandomBatches>? batches = null, Device? device = null)
    {
        _model = CausalLM.Load(TestData.Path("models", family), device ?? CPU, type);
        Teacher = new NoisyTeacher(_model);
        Student = new NoisyStudent(_model, lora ?? new LoraConfig { Rank = 2, Alpha = 3 }, seed: 1);
        Transform = new StainedGlassTransform(_model.EmbeddingTable, new TransformConfig { Std = new TanhStd { InitialRho = -1 } });

        // On CUDA with the noise of the CPU.
        _drawing = Transform.Device.type == DeviceType.CUDA ? Transform.WithNoise(new HostNoise(), ScalarType.Float32) : Transform;
        var vocabulary = (int)_model.EmbeddingTable.shape[0];
        Batch = (batches?.Invoke(vocabulary) ?? new RandomBatches(vocabulary, device: device)).At(0);
        owned.AddRange([Batch, _drawing, Transform, Student, Teacher, _model]);
        using var grad = no_grad();
        foreach (var (_, parameter) in Student.Adapters.NamedParameters)
        {
            parameter.add_(Numbers(parameter) * 0.05);
        }

        foreach (var parameter in Transform.Parameters.Where(parameter => parameter.IsHead))
        {
            parameter.Value.add_(Numbers(parameter.Value) * 0.1);
        }
    }

    public NoisyTeacher Teacher { get; }

    public NoisyStudent Student { get; }

    public StainedGlassTransform Transform { get; }

    public TokenBatch Batch { get; }

    public TransformedBatch Apply()
    {
        // The same noise each time. It outlives the step, which transforms other prompts as well.
        Transform.Samples = 0;
        return _drawing.Apply(Batch);
    }

    public Result Closures<TComponents, THyperparameters>(Func<JigsawLoss<TComponents, THyperparameters>> bind)
        where TComponents : ComponentLosses
        where THyperparameters : RecipeHyperparameters
    {
        Begin();
        var (loss, components, _) = bind();
        var noisy = Apply();
        Teacher.Forward(noisy);
        Student.Forward(noisy);
        loss(Batch.LossMask).backward();
        using var values = components();
        return new Result(values.Read(), Gradients());
    }

    public Result PassByPass<TComponents, THyperparameters>(Func<JigsawLoss<TComponents, THyperparameters>> bind, bool rematerialize = false, int times = 1, double scale = 1, bool keep = true, Action? before = null)
        where TComponents : ComponentLosses
        where THyperparameters : RecipeHyperparameters
    {
        Begin();
        using var scope = NewDisposeScope();
        var jigsaw = bind();
        jigsaw.Rematerialize = rematerialize;
        IReadOnlyDictionary<string, double> read = new Dictionary<string, double>();
        for (var i = 0; i < times; i++)
        {
            before?.Invoke();
            using var values = jigsaw.RunStep(Apply(), Batch.LossMask, scale);
            read = values.Read();
        }

        return new Result(read, keep ? Gradients() : []);
    }

    public void Compare<TComponents, THyperparameters>(Func<JigsawLoss<TComponents, THyperparameters>> bind, double tolerance = Tolerance)
        where TComponents : ComponentLosses
        where THyperparameters : RecipeHyperparameters =>
        Near(Closures(bind), PassByPass(bind), tolerance);

    internal static void Near(Result expected, Result actual, double tolerance)
    {
        Assert.Equal(expected.Values.Keys, actual.Values.Keys);
        foreach (var (key, value) in expected.Values)
        {
            Assert.True(Math.Abs(value - actual.Values[key]) <= tolerance * Math.Max(1, Math.Abs(value)), $"{key}: {value} and {actual.Values[key]}");
        }

        Assert.Equal(expected.Gradients.Keys.Order(), actual.Gradients.Keys.Order());
        var largest = expected.Gradients.Values.Max(gradient => gradient.norm().item<float>());
        foreach (var (name, gradient) in expected.Gradients)
        {
            var error = (gradient - actual.Gradients[name]).norm().item<float>();
            Assert.True(error <= tolerance * Math.Max(gradient.norm().item<float>(), 1e-3 * largest), $"{name} is off by {error:g3} of {gradient.norm().item<float>():g3}");
        }
    }

    private void Begin()
    {
        manual_seed(5);
        foreach (var (_, parameter) in Parameters())
        {
            parameter.grad?.Dispose();
            parameter.grad = null;
        }
    }

    // The same on all devices.
    private static Tensor Numbers(Tensor like) => randn(like.shape, dtype: like.dtype).to(like.device);

    private IEnumerable<(string Name, Tensor Value)> Parameters() =>
        Student.Adapters.NamedParameters.Select(parameter => (parameter.Name, (Tensor)parameter.Value))
            .Concat(Transform.Parameters.Select(parameter => (parameter.Name, (Tensor)parameter.Value)));

    private Dictionary<string, Tensor> Gradients() =>
        Parameters().Select(parameter => (parameter.Name, Gradient: parameter.Value.grad)).Where(pair => pair.Gradient is not null)
            .ToDictionary(pair => pair.Name, pair => pair.Gradient!.to(ScalarType.Float32).to(pair.Gradient.device_type == DeviceType.CUDA ? CPU : pair.Gradient.device).clone().DetachFromDisposeScope());

    /// <summary>The numbers of the CPU's generator, on any device.</summary>
    /// <summary>The CPU's noise, the same for each draw.</summary>
    private sealed class HostNoise : INoiseSource
    {
        public Tensor Draw(long[] shape, Device device)
        {
            using var host = new SeededNoise(0, CPU);
            return host.Draw(shape, CPU).to(device);
        }

        public void Dispose()
        {
        }
    }

    internal sealed record Result(IReadOnlyDictionary<string, double> Values, Dictionary<string, Tensor> Gradients);
}
