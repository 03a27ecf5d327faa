using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Transforms.Noise;

/// <summary>
/// Noise that nobody can take away: keys from the operating system's random generator, expanded by AES-256 in counter mode, a key of its own for every few thousand
/// numbers, so no state could be copied, repeated or read back. Each number is the sum of four independent standard normals, halved: a floating-point attack must then
/// get through 8 uniforms of 53 bits per pair of numbers. All arithmetic is float64 and takes the same path for all values: nothing is rejected.
/// The numbers are made on the host, whatever the device, and copied to it.
/// </summary>
/// <remarks>
/// Sources: Opacus's secure mode (sum of 2n samples over √(2n)); Holohan and Braghin, arXiv 2107.10138, for the sum; Jin et al., arXiv 2112.05307, for the attack on single
/// floating-point normals and for the timing of samplers that reject; Box and Muller 1958 for the normals.
/// </remarks>
internal sealed class SecureNoise : INoiseSource
{
    /// <summary>Numbers under one key.</summary>
    internal const int BlockLength = 8192;

    private const int BytesPerNumber = 4 * sizeof(ulong);
    private const int KeyBytes = 32;

    // Below this, threads cost more than they save; and what other threads allocate while this one is in native code lets the collector free TorchSharp's scalars too early.
    private const int BlocksInParallel = 64;

    private const int CounterBytes = 16;
    private const double Unit = 1.0 / (1L << 53);

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
        var blocks = (count + BlockLength - 1) / BlockLength;
        byte[] Block(long block, byte[] stream)
        {
            FillBlock(new Span<double>(start + (block * BlockLength), (int)Math.Min(BlockLength, count - (block * BlockLength))), stream);
            return stream;
        }

        if (blocks < BlocksInParallel)
        {
            var stream = Rent();
            for (var block = 0L; block < blocks; block++)
            {
                Block(block, stream);
            }

            Return(stream);
            return;
        }

        Parallel.For(0, blocks, Rent, (block, _, stream) => Block(block, stream), Return);
    }

    // Rented, since a new one for every draw would make the collector walk all generations.
    private static byte[] Rent() => ArrayPool<byte>.Shared.Rent(BlockLength * BytesPerNumber);

    private static void Return(byte[] stream)
    {
        CryptographicOperations.ZeroMemory(stream);
        ArrayPool<byte>.Shared.Return(stream);
    }

    /// <summary>Fills a block: its first half has the cosine parts, the second the sine parts of the same uniforms.</summary>
    private static void FillBlock(Span<double> numbers, Span<byte> stream)
    {
        var lanes = Vector256<double>.Count;
        var pairs = (numbers.Length + 1) / 2;
        var whole = (pairs + lanes - 1) / lanes * lanes;
        var bytes = stream[..(2 * whole * BytesPerNumber)];
        Expand(bytes);
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        var cosines = numbers[..pairs];
        var sines = numbers[pairs..];
        Span<double> rest = stackalloc double[lanes];
        for (var pair = 0; pair < pairs; pair += lanes)
        {
            var (first, second) = Normals(words.Slice(8 * pair, 8 * lanes));
            Store(first, cosines[pair..], rest);
            Store(second, sines[Math.Min(pair, sines.Length)..], rest);
        }
    }

    private static void Store(Vector256<double> values, Span<double> to, Span<double> rest)
    {
        if (values.TryCopyTo(to))
        {
            return;
        }

        values.CopyTo(rest);
        rest[..to.Length].CopyTo(to);
    }

    /// <summary>Two independent vectors of normals, each ½·Σ of four: the cosine and the sine parts of four Box-Muller pairs.</summary>
    private static (Vector256<double> First, Vector256<double> Second) Normals(ReadOnlySpan<ulong> words)
    {
        var lanes = Vector256<double>.Count;
        var (first, second) = (Vector256<double>.Zero, Vector256<double>.Zero);
        for (var i = 0; i < 4; i++)
        {
            var radius = Vector256.Sqrt(-2 * Vector256.Log(Uniform(words.Slice(2 * i * lanes, lanes))));
            var (sine, cosine) = Vector256.SinCos(Uniform(words.Slice(((2 * i) + 1) * lanes, lanes)) * (2 * Math.PI));
            first += radius * cosine;
            second += radius * sine;
        }

        return (first * 0.5, second * 0.5);
    }

    /// <summary>53 bits, each value exact: above 0, whose logarithm is infinite, and at most 1.</summary>
    private static Vector256<double> Uniform(ReadOnlySpan<ulong> words) =>
        (Vector256.ConvertToDouble(Vector256.Create(words) >>> 11) + Vector256.Create(1.0)) * Unit;

    /// <summary>The key stream of AES-256 in counter mode under a fresh key: each counter once.</summary>
    private static void Expand(Span<byte> stream)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        RandomNumberGenerator.Fill(key);
        using var aes = Aes.Create();
        aes.SetKey(key);
        CryptographicOperations.ZeroMemory(key);
        var counters = MemoryMarshal.Cast<byte, ulong>(stream);
        for (var i = 0; i < stream.Length / CounterBytes; i++)
        {
            counters[2 * i] = (ulong)i;
            counters[(2 * i) + 1] = 0;
        }

        aes.EncryptEcb(stream, stream, PaddingMode.None);
    }
}
