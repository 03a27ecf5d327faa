using Jigsaw.Batches;
using Jigsaw.CompilerServices;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Losses;

/// <summary>Random activations of one step, for tests.</summary>
internal sealed class Steps
{
    private readonly Random _random;

    internal Steps(int seed, ScalarType type = ScalarType.Float64, Device? device = null)
    {
        _random = new Random(seed);
        Type = type;
        Device = device ?? CPU;
    }

    internal ScalarType Type { get; }

    internal Device Device { get; }

    internal Tensor Numbers(params long[] shape)
    {
        var count = shape.Aggregate(1L, (product, size) => product * size);
        var values = new double[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        }

        return tensor(values, dtype: ScalarType.Float64).reshape(shape).to(Type).to(Device);
    }

    internal bool[] Bits(int count, double share) => [.. Enumerable.Range(0, count).Select(_ => _random.NextDouble() < share)];

    internal RowMask Mask(bool[] bits, int batch, int sequence, bool packed = true) =>
        packed ? RowMask.FromHost(bits, batch, sequence, Device) : RowMask.FromTensor(tensor(bits).reshape(batch, sequence).to(Device));

    internal static StepActivations Of(RowMask attention, RowMask noise, Tensor embeddings, LanguageModelHead? head, params (Pass Pass, Tensor? Hidden, Tensor? Layer)[] passes) =>
        Of(attention, noise, embeddings, embeddings, embeddings, embeddings, head, passes);

    internal static StepActivations Of(RowMask attention, RowMask noise, Tensor clean, Tensor noisy, Tensor means, Tensor stds, LanguageModelHead? head, params (Pass Pass, Tensor? Hidden, Tensor? Layer)[] passes) =>
        new(
            new TransformedBatch
            {
                InputIds = zeros([attention.Value.shape[0], attention.Value.shape[1]], dtype: ScalarType.Int64, device: clean.device),
                AttentionMask = attention,
                NoiseMask = noise,
                NotInReplyMask = noise,
                Moments = _ => (clean, means + 0.1, stds),
                Clean = clean,
                Noisy = noisy,
                Means = means,
                Stds = stds,
                StdMax = 2,
                MedianNorm = 1.5,
            },
            passes.Select(pass => new PassActivations(pass.Pass, pass.Hidden, pass.Layer, head)));

    /// <summary>Central differences of a scalar function with respect to one of its float64 inputs.</summary>
    internal static Tensor Differences(Tensor input, Func<double> function, double step = 1e-6)
    {
        using var inference = no_grad();
        var gradient = zeros_like(input).detach();
        var flat = input.detach().view(-1);
        var result = gradient.view(-1);
        for (var i = 0L; i < flat.numel(); i++)
        {
            var value = flat[i].item<double>();
            flat[i] = value + step;
            var above = function();
            flat[i] = value - step;
            var below = function();
            flat[i] = value;
            result[i] = (above - below) / (2 * step);
        }

        return gradient;
    }

    internal static void Near(Tensor expected, Tensor? actual, double tolerance, string what)
    {
        Assert.True(actual is not null, $"{what} is not there.");
        Assert.Equal(expected.shape, actual.shape);
        if (expected.numel() == 0)
        {
            return;
        }

        var wide = expected.detach().to(ScalarType.Float64);
        var allowed = tolerance * Math.Max(1, wide.abs().max().item<double>());
        var error = (actual.detach().to(ScalarType.Float64) - wide).abs().max().item<double>();
        Assert.True(error <= allowed, $"{what} is off by {error:g3}; allowed is {allowed:g3}.");
    }
}
