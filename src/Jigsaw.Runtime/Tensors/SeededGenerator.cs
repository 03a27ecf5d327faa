using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Tensors;

/// <summary>
/// Random numbers on a device that follow from a seed. On the CPU they come from a generator of its own. TorchSharp 0.107 makes generators for the CPU alone, whatever device it
/// is given, so on CUDA the device's global generator is seeded instead; META needs none.
/// </summary>
internal sealed class SeededGenerator(Device device) : IDisposable
{
    private readonly Generator? _own = device.type == DeviceType.CPU ? new Generator(0, CPU) : null;

    /// <summary>The generator to draw with, which gives the numbers of this seed from its start; null stands for the device's own.</summary>
    public Generator? At(long seed)
    {
        if (device.type == DeviceType.CUDA)
        {
            cuda.manual_seed_all(seed);
        }

        return _own?.manual_seed(seed);
    }

    /// <summary>Frees its own generator.</summary>
    public void Dispose() => _own?.Dispose();
}
