using System.Buffers.Binary;

namespace Jigsaw.Gguf;

/// <summary>llama.cpp's Q8_0: of 32 numbers the scale d = max|x| / 127 in half precision, and round(x / d), halves away from zero.</summary>
/// <remarks>Formula: ggml's <c>quantize_row_q8_0_ref</c>.</remarks>
internal static class GgufBlocks
{
    /// <summary>Numbers of a block.</summary>
    public const int Size = 32;

    /// <summary>Bytes of a block.</summary>
    public const int Bytes = 2 + Size;

    /// <summary>Quantizes whole blocks.</summary>
    /// <param name="numbers">A multiple of <see cref="Size"/>.</param>
    /// <param name="bytes">Where they go, <see cref="Bytes"/> for each block.</param>
    /// <returns>False if a number is not finite or too large for a scale in half precision.</returns>
    public static bool Quantize(ReadOnlySpan<float> numbers, Span<byte> bytes)
    {
        for (var block = 0; block < numbers.Length / Size; block++)
        {
            var from = numbers.Slice(block * Size, Size);
            var to = bytes.Slice(block * Bytes, Bytes);
            var largest = 0f;
            foreach (var number in from)
            {
                // Of NaN, NaN.
                largest = MathF.Max(largest, MathF.Abs(number));
            }

            var scale = largest / 127;
            var half = (Half)scale;
            if (!Half.IsFinite(half))
            {
                return false;
            }

            BinaryPrimitives.WriteHalfLittleEndian(to, half);
            var inverse = scale == 0 ? 0 : 1 / scale;
            for (var i = 0; i < Size; i++)
            {
                to[2 + i] = (byte)(sbyte)MathF.Round(from[i] * inverse, MidpointRounding.AwayFromZero);
            }
        }

        return true;
    }
}
