using Jigsaw.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Transforms.Noise;

/// <summary>
/// Noise that follows from a seed and a count, so a resumed training draws the numbers that the one that went on would. Whoever knows both, or guesses them (a generator
/// on the CPU keeps 32 bits of a seed), subtracts the noise from x̃: it is for training and tests alone.
/// </summary>
/// <param name="seed">The seed.</param>
/// <param name="device">Where the generator is; META makes numbers without values.</param>
internal sealed class SeededNoise(long seed, Device device) : INoiseSource
{
    private readonly SeededGenerator _generator = new(device);

    /// <summary>The seed.</summary>
    public long Seed => seed;

    /// <summary>How many draws there have been: the next one follows from it and the seed.</summary>
    public long Count { get; set; }

    /// <inheritdoc/>
    public Tensor Draw(long[] shape, Device device)
    {
        if (device.type == DeviceType.META)
        {
            return empty(shape, dtype: ScalarType.Float32, device: device);
        }

        // A seed for each draw, not one running state: a run that resumes needs the count alone.
        var generator = _generator.At(unchecked((seed * 6364136223846793005L) + (Count * 1442695040888963407L) + 1));
        Count++;
        return randn(shape, dtype: ScalarType.Float32, device: device, generator: generator);
    }

    /// <summary>Frees the generator.</summary>
    public void Dispose() => _generator.Dispose();
}
