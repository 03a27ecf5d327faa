using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Tensors;

/// <summary>
/// Numbers as TorchSharp's scalars that stay alive over the native call that reads them. TorchSharp's own conversion, and its operators and methods that
/// take a number, make a scalar that nobody holds: a collection that another thread causes can finalize it while the native code still reads it.
/// </summary>
/// <remarks>A thread keeps the scalars of its last <see cref="Kept"/> different numbers, so a number that recurs is made once.</remarks>
internal static class Scalars
{
    /// <summary>Different numbers that a thread makes, at least, before it lets go of one.</summary>
    public const int Kept = 1024;

    [ThreadStatic]
    private static Dictionary<(ScalarType Type, long Bits), Scalar>? _recent;

    [ThreadStatic]
    private static Dictionary<(ScalarType Type, long Bits), Scalar>? _older;

    /// <summary>The integer 1, which libtorch takes as the factor of a plain sum.</summary>
    public static Scalar One => Of(1);

    /// <summary>A scalar of the type int32.</summary>
    /// <param name="value">The number.</param>
    public static Scalar Of(int value) => Held(ScalarType.Int32, value) ?? Hold(ScalarType.Int32, value, value.ToScalar());

    /// <summary>A scalar of the type int64.</summary>
    /// <param name="value">The number.</param>
    public static Scalar Of(long value) => Held(ScalarType.Int64, value) ?? Hold(ScalarType.Int64, value, value.ToScalar());

    /// <summary>A scalar of the type float32.</summary>
    /// <param name="value">The number.</param>
    public static Scalar Of(float value) => Held(ScalarType.Float32, BitConverter.SingleToInt32Bits(value)) ?? Hold(ScalarType.Float32, BitConverter.SingleToInt32Bits(value), value.ToScalar());

    /// <summary>A scalar of the type float64.</summary>
    /// <param name="value">The number.</param>
    public static Scalar Of(double value) => Held(ScalarType.Float64, BitConverter.DoubleToInt64Bits(value)) ?? Hold(ScalarType.Float64, BitConverter.DoubleToInt64Bits(value), value.ToScalar());

    /// <summary>A scalar of the type bool.</summary>
    /// <param name="value">The number.</param>
    public static Scalar Of(bool value) => Held(ScalarType.Bool, value ? 1 : 0) ?? Hold(ScalarType.Bool, value ? 1 : 0, value.ToScalar());

    /// <summary>The sum of two tensors, as the operator has it.</summary>
    /// <param name="left">A tensor.</param>
    /// <param name="right">A tensor that can be broadcast with it.</param>
    public static Tensor Plus(this Tensor left, Tensor right) => left.add(right, One);

    /// <summary>The sum of a tensor and a number, as the operator has it.</summary>
    /// <param name="left">A tensor.</param>
    /// <param name="right">The number.</param>
    public static Tensor Plus(this Tensor left, Scalar right) => left.add(right, One);

    /// <summary>A number minus a tensor, as the operator has it.</summary>
    /// <param name="right">The tensor.</param>
    /// <param name="left">The number.</param>
    public static Tensor SubtractedFrom(this Tensor right, Scalar left)
    {
        using var negative = right.negative();
        return negative.add(left, One);
    }

    /// <summary>The square of each element.</summary>
    /// <param name="tensor">A tensor.</param>
    public static Tensor Squared(this Tensor tensor) => tensor.pow(Of(2));

    /// <summary>The only element of a tensor.</summary>
    /// <param name="tensor">A tensor of one element, on any device.</param>
    public static double ReadDouble(this Tensor tensor)
    {
        using var scalar = tensor.ToScalar();
        return scalar.ToDouble();
    }

    /// <summary>The only element of a tensor.</summary>
    /// <param name="tensor">A tensor of one element, on any device.</param>
    public static long ReadInt64(this Tensor tensor)
    {
        using var scalar = tensor.ToScalar();
        return scalar.ToInt64();
    }

    private static Scalar? Held(ScalarType type, long bits)
    {
        if (_recent is { } recent && recent.TryGetValue((type, bits), out var held))
        {
            return held;
        }

        return _older is { } older && older.TryGetValue((type, bits), out held) ? Hold(type, bits, held) : null;
    }

    private static Scalar Hold(ScalarType type, long bits, Scalar scalar)
    {
        if (_recent is null || _recent.Count == Kept)
        {
            (_older, _recent) = (_recent, []);
        }

        _recent.Add((type, bits), scalar);
        return scalar;
    }
}
