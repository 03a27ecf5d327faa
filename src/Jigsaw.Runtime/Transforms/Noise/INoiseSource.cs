using static TorchSharp.torch;

namespace Jigsaw.Transforms.Noise;

/// <summary>Where a transform's ε comes from: <see cref="SeededNoise"/> in training and tests, <see cref="SecureNoise"/> wherever x̃ leaves the process.</summary>
internal interface INoiseSource : IDisposable
{
    /// <summary>Independent standard normal numbers, in the caller's dispose scope.</summary>
    /// <param name="shape">Their shape.</param>
    /// <param name="device">Where they go.</param>
    /// <returns>A tensor of float32 or float64: what x̃ is added up in before it is rounded once.</returns>
    Tensor Draw(long[] shape, Device device);
}
