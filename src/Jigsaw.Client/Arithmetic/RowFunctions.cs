using System.Numerics;
using System.Numerics.Tensors;

namespace Jigsaw.Client.Arithmetic;

/// <summary>The transform's functions of rows, in float32, as libtorch computes them up to rounding.</summary>
internal static class RowFunctions
{
    private const float NormEpsilon = 1e-5f;

    // A rational approximation of erf on [-4, 4], to within a few units of float32's last place (as in Eigen and XLA): an odd numerator over an even denominator.
    private static readonly float[] _numerator = [-2.72614225801306e-10f, 2.77068142495902e-08f, -2.10102402082508e-06f, -5.69250639462346e-05f, -7.34990630326855e-04f, -2.95459980854025e-03f, -1.60960333262415e-02f];
    private static readonly float[] _denominator = [-1.45660718464996e-05f, -2.13374055278905e-04f, -1.68282697438203e-03f, -7.37332916720468e-03f, -1.42647390514189e-02f];

    /// <summary>y = (x − mean) / √(variance + 1e-5) · weight + bias.</summary>
    public static void LayerNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Span<float> y)
    {
        TensorPrimitives.Subtract(x, TensorPrimitives.Sum(x) / x.Length, y);
        TensorPrimitives.Multiply(y, 1 / MathF.Sqrt((TensorPrimitives.SumOfSquares<float>(y) / x.Length) + NormEpsilon), y);
        TensorPrimitives.MultiplyAdd(y, weight, bias, y);
    }

    /// <summary>x becomes x·Φ(x), by erf.</summary>
    public static void Gelu(Span<float> x)
    {
        var i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Gelu(new Vector<float>(x[i..])).CopyTo(x[i..]);
        }

        Span<float> rest = stackalloc float[Vector<float>.Count];
        rest.Clear();
        x[i..].CopyTo(rest);
        Gelu(new Vector<float>(rest)).CopyTo(rest);
        rest[..(x.Length - i)].CopyTo(x[i..]);
    }

    private static Vector<float> Gelu(Vector<float> x)
    {
        var half = x * 0.5f;
        return half + (half * Erf(x * 0.70710678f));
    }

    private static Vector<float> Erf(Vector<float> x)
    {
        x = Vector.Min(Vector.Max(x, new Vector<float>(-4)), new Vector<float>(4));
        var square = x * x;
        return x * Polynomial(square, _numerator) / Polynomial(square, _denominator);
    }

    private static Vector<float> Polynomial(Vector<float> x, float[] coefficients)
    {
        var sum = new Vector<float>(coefficients[0]);
        for (var i = 1; i < coefficients.Length; i++)
        {
            sum = (sum * x) + new Vector<float>(coefficients[i]);
        }

        return sum;
    }
}
