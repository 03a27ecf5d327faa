using Jigsaw.Client.Embeddings;

namespace Jigsaw.Client.Tests;

public sealed class EmbeddingNumbersTests
{
    public static TheoryData<EmbeddingType> Types => new(Enum.GetValues<EmbeddingType>());

    [Theory]
    [MemberData(nameof(Types))]
    public void A_number_is_rounded_once_to_a_nearest_one(EmbeddingType type)
    {
        var random = new Random(5);
        var bytes = new byte[4];
        for (var i = 0; i < 200_000; i++)
        {
            // Of all sizes, and half of them so near to a middle of two that rounding to float32 first would land on it.
            var value = (random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-30, 10));
            if (i % 2 == 0)
            {
                value = Read(value, type, bytes) + ((random.Next(3) - 1) * Ulp(value, type) / 2) + ((random.Next(3) - 1) * Math.Abs(value) * 1e-14);
            }

            var rounded = Read(value, type, bytes);
            var others = new[] { Neighbor(bytes, type, 1), Neighbor(bytes, type, -1) };
            Assert.All(others, other => Assert.True(Math.Abs(rounded - value) <= Math.Abs(other - value), $"{value:R} became {rounded:R}, {other:R} is nearer"));
        }
    }

    [Fact]
    public void A_middle_goes_to_the_even_one()
    {
        var bytes = new byte[4];
        Assert.Equal(1.0, Read(1 + (1.0 / 256), EmbeddingType.BFloat16, bytes));
        Assert.Equal(1 + (2.0 / 128), Read(1 + (3.0 / 256), EmbeddingType.BFloat16, bytes));
        Assert.Equal(1 + (1.0 / 128), Read(1 + (1.0 / 256) + 1e-12, EmbeddingType.BFloat16, bytes));
        Assert.True(double.IsNaN(Read(double.NaN, EmbeddingType.BFloat16, bytes)));
        Assert.Equal(double.NegativeInfinity, Read(double.NegativeInfinity, EmbeddingType.BFloat16, bytes));
    }

    private static double Ulp(double value, EmbeddingType type) => Math.Pow(2, Math.Max(Math.Floor(Math.Log2(Math.Abs(value))), type == EmbeddingType.Float16 ? -14 : -126) - (type switch
    {
        EmbeddingType.BFloat16 => 7,
        EmbeddingType.Float16 => 10,
        _ => 23,
    }));

    private static double Read(double value, EmbeddingType type, byte[] bytes)
    {
        EmbeddingNumbers.Write([value], type, bytes);
        return Value(bytes, type);
    }

    private static double Value(byte[] bytes, EmbeddingType type)
    {
        Span<float> number = stackalloc float[1];
        EmbeddingNumbers.Read(bytes, type, number);
        return number[0];
    }

    /// <summary>The next number away from zero, or toward it.</summary>
    private static double Neighbor(byte[] bytes, EmbeddingType type, int step)
    {
        var copy = new byte[4];
        var magnitude = type == EmbeddingType.Float32 ? BitConverter.ToUInt32(bytes) & 0x7FFFFFFF : BitConverter.ToUInt16(bytes) & 0x7FFFu;
        if (magnitude == 0 && step < 0)
        {
            return Value(bytes, type);
        }

        if (type == EmbeddingType.Float32)
        {
            BitConverter.TryWriteBytes(copy, BitConverter.ToInt32(bytes) + step);
        }
        else
        {
            BitConverter.TryWriteBytes(copy, (short)(BitConverter.ToInt16(bytes) + step));
        }

        return Value(copy, type);
    }
}
