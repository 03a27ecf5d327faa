using System.Buffers.Binary;
using Jigsaw.Checkpoints;

namespace Jigsaw.Client.Embeddings;

/// <summary>Numbers as files and requests have them, little-endian.</summary>
internal static class EmbeddingNumbers
{
    /// <summary>Bytes of a number.</summary>
    public static int SizeOf(EmbeddingType type) => type == EmbeddingType.Float32 ? 4 : 2;

    /// <summary>Writes numbers, each rounded once to a nearest one, ties to even.</summary>
    public static void Write(ReadOnlySpan<double> numbers, EmbeddingType type, Span<byte> bytes)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            switch (type)
            {
                case EmbeddingType.BFloat16:
                    BinaryPrimitives.WriteUInt16LittleEndian(bytes[(2 * i)..], ToBFloat16(RoundToOdd(numbers[i])));
                    break;
                case EmbeddingType.Float16:
                    BinaryPrimitives.WriteHalfLittleEndian(bytes[(2 * i)..], (Half)numbers[i]);
                    break;
                default:
                    BinaryPrimitives.WriteSingleLittleEndian(bytes[(4 * i)..], (float)numbers[i]);
                    break;
            }
        }
    }

    /// <summary>Reads numbers that <see cref="Write"/> wrote.</summary>
    public static void Read(ReadOnlySpan<byte> bytes, EmbeddingType type, Span<float> numbers) => Read(bytes, type switch
    {
        EmbeddingType.BFloat16 => SafetensorsType.BF16,
        EmbeddingType.Float16 => SafetensorsType.F16,
        _ => SafetensorsType.F32,
    }, numbers);

    /// <summary>True if <see cref="Read(ReadOnlySpan{byte}, SafetensorsType, Span{float})"/> reads a type.</summary>
    public static bool IsFloating(SafetensorsType type) => type is SafetensorsType.BF16 or SafetensorsType.F16 or SafetensorsType.F32 or SafetensorsType.F64;

    /// <summary>Reads floating numbers of a safetensors file.</summary>
    public static void Read(ReadOnlySpan<byte> bytes, SafetensorsType type, Span<float> numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = type switch
            {
                SafetensorsType.BF16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) << 16),
                SafetensorsType.F16 => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]),
                SafetensorsType.F64 => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]),
                _ => BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]),
            };
        }
    }

    // Rounding twice is rounding once if the first is to odd and keeps two bits more (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
    private static float RoundToOdd(double number)
    {
        var rounded = (float)number;
        if (rounded == number || !float.IsFinite(rounded) || (BitConverter.SingleToInt32Bits(rounded) & 1) != 0)
        {
            return rounded;
        }

        var bits = BitConverter.SingleToInt32Bits(rounded);
        return BitConverter.Int32BitsToSingle(Math.Abs(rounded) < Math.Abs(number) ? bits + 1 : bits - 1);
    }

    private static ushort ToBFloat16(float number)
    {
        var bits = BitConverter.SingleToUInt32Bits(number);
        return float.IsNaN(number) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
