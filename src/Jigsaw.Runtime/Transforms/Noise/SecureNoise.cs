using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Transforms.Noise;

/// <summary>Secure noise as tensors. The numbers are made on the host, whatever the device, and copied to it.</summary>
internal sealed class SecureNoise : INoiseSource
{
    // Below this, threads cost more than they save; and what other threads allocate while this one is in native code lets the collector free TorchSharp's scalars too early.
    private const int BlocksInParallel = 64;

    /// <inheritdoc/>
    public Tensor Draw(long[] shape, Device device)
    {
        if (device.type == DeviceType.META)
        {
            return empty(shape, dtype: ScalarType.Float64, device: device);
        }

        var noise = empty(shape, dtype: ScalarType.Float64, device: CPU);
        Fill(noise);
        return noise.to(device);
    }

    /// <summary>Holds nothing to free: every draw has keys of its own.</summary>
    public void Dispose()
    {
    }

    /// <summary>Fills a contiguous float64 tensor on the host with independent standard normal numbers, on all cores.</summary>
    internal static unsafe void Fill(Tensor numbers)
    {
        var count = numbers.numel();
        if (count == 0)
        {
            return;
        }

        // Of the first number only: a span can't hold more than two gigabytes.
        using var first = numbers.view(-1).narrow(0, 0, 1);
        var start = (double*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes));
        var blocks = (count + SecureNormals.BlockLength - 1) / SecureNormals.BlockLength;
        byte[] Block(long block, byte[] stream)
        {
            SecureNormals.FillBlock(new Span<double>(start + (block * SecureNormals.BlockLength), (int)Math.Min(SecureNormals.BlockLength, count - (block * SecureNormals.BlockLength))), stream);
            return stream;
        }

        if (blocks < BlocksInParallel)
        {
            var stream = SecureNormals.Rent();
            for (var block = 0L; block < blocks; block++)
            {
                Block(block, stream);
            }

            SecureNormals.Return(stream);
            return;
        }

        Parallel.For(0, blocks, SecureNormals.Rent, (block, _, stream) => Block(block, stream), SecureNormals.Return);
    }
}
