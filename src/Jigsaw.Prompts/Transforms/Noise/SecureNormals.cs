using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Jigsaw.Transforms.Noise;

/// <summary>
/// Noise that nobody can take away: keys from the operating system's random generator, expanded by AES-256 in counter mode, a key of its own for every few thousand
/// numbers, so no state could be copied, repeated or read back. Each number is the sum of four independent standard normals, halved: a floating-point attack must then
/// get through 8 uniforms of 53 bits per pair of numbers. All arithmetic is float64 and takes the same path for all values: nothing is rejected.
/// </summary>
/// <remarks>
/// Sources: Opacus's secure mode (sum of 2n samples over √(2n)); Holohan and Braghin, arXiv 2107.10138, for the sum; Jin et al., arXiv 2112.05307, for the attack on single
/// floating-point normals and for the timing of samplers that reject; Box and Muller 1958 for the normals.
/// </remarks>
internal static class SecureNormals
{
    /// <summary>Numbers under one key.</summary>
    public const int BlockLength = 8192;

    private const int BytesPerNumber = 4 * sizeof(ulong);
    private const int KeyBytes = 32;
    private const int CounterBytes = 16;
    private const double Unit = 1.0 / (1L << 53);

    /// <summary>Fills a span with independent standard normal numbers.</summary>
    public static void Fill(Span<double> numbers)
    {
        var most = StreamBytes(Math.Min(BlockLength, numbers.Length));
        var rented = ArrayPool<byte>.Shared.Rent(most);
        var stream = rented.AsSpan(0, most);
        for (; !numbers.IsEmpty; numbers = numbers[Math.Min(BlockLength, numbers.Length)..])
        {
            FillBlock(numbers[..Math.Min(BlockLength, numbers.Length)], stream);
        }

        // Only what was used: of a short draw it is much less than a block.
        CryptographicOperations.ZeroMemory(stream);
        ArrayPool<byte>.Shared.Return(rented);
    }

    // Rented, since a new one for every draw would make the collector walk all generations.
    public static byte[] Rent() => ArrayPool<byte>.Shared.Rent(BlockLength * BytesPerNumber);

    public static void Return(byte[] stream)
    {
        CryptographicOperations.ZeroMemory(stream);
        ArrayPool<byte>.Shared.Return(stream);
    }

    /// <summary>Fills a block: its first half has the cosine parts, the second the sine parts of the same uniforms.</summary>
    public static void FillBlock(Span<double> numbers, Span<byte> stream)
    {
        var lanes = Vector256<double>.Count;
        var pairs = (numbers.Length + 1) / 2;
        var bytes = stream[..StreamBytes(numbers.Length)];
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

    /// <summary>Bytes that a block of numbers takes: those of whole vectors of pairs.</summary>
    private static int StreamBytes(int numbers)
    {
        var lanes = Vector256<double>.Count;
        var pairs = (numbers + 1) / 2;
        return 2 * ((pairs + lanes - 1) / lanes * lanes) * BytesPerNumber;
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
