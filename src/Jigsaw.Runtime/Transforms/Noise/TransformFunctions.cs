using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Transforms.Noise;

/// <summary>The formulas of the Stained Glass Transform (Stained Glass Engine docs, noise layers), element by element.</summary>
internal static class TransformFunctions
{
    /// <summary>σ of ρ, of the same shape and type, in multiples of the transform's scale.</summary>
    public static Tensor Apply(StdParameterization parameterization, Tensor rho) => parameterization switch
    {
        TanhStd tanh => TanhStd(rho, tanh.Min, tanh.Max, tanh.Shallow),
        DirectStd direct => DirectStd(rho, direct.Min, direct.Max),
        _ => throw new NotSupportedException($"There is no formula for {parameterization.GetType().Name}."),
    };

    /// <summary>μ of the free value, of the same shape and type, in multiples of the transform's scale.</summary>
    public static Tensor Apply(MeanParameterization parameterization, Tensor rho) => parameterization switch
    {
        FreeMean => rho,
        BoundedMean bounded => BoundedMean(rho, bounded.Bound, bounded.Shift),
        _ => throw new NotSupportedException($"There is no formula for {parameterization.GetType().Name}."),
    };

    /// <summary>μ of all features: behind those that the heads give, it takes x away.</summary>
    /// <param name="told">μ of the first features, shape (…, rank).</param>
    /// <param name="x">Embeddings in the same unit, shape (…, features).</param>
    public static Tensor AllMeans(Tensor told, Tensor x) =>
        x.shape[^1] - told.shape[^1] is > 0 and var rest ? cat([told, -x.narrow(-1, told.shape[^1], rest)], -1) : told;

    /// <summary>σ of all features: behind those that the heads give, it is the same everywhere.</summary>
    /// <param name="told">σ of the first features, shape (…, rank).</param>
    /// <param name="features">Features of an embedding.</param>
    /// <param name="rest">σ of the others, in the same unit.</param>
    public static Tensor AllStds(Tensor told, long features, double rest) =>
        features - told.shape[^1] is > 0 and var others ? cat([told, full([.. told.shape[..^1], others], Scalars.Of(rest), dtype: told.dtype, device: told.device)], -1) : told;

    /// <summary>σ = σ_min + (σ_max − σ_min)·(1 + tanh(ρ / shallow)) / 2, computed as σ_min + (σ_max − σ_min)·sigmoid(2ρ / shallow), which doesn't cancel near σ_min.</summary>
    /// <param name="rho">ρ, any shape, floating point.</param>
    /// <param name="min">σ_min.</param>
    /// <param name="max">σ_max.</param>
    /// <param name="shallow">Divides ρ.</param>
    /// <returns>σ of ρ's shape and dtype.</returns>
    public static Tensor TanhStd(Tensor rho, double min, double max, double shallow)
    {
        ArgumentNullException.ThrowIfNull(rho);
        return ((rho * Scalars.Of(2 / shallow)).sigmoid() * Scalars.Of(max - min)).Plus(Scalars.Of(min));
    }

    /// <summary>σ = ρ clamped to [σ_min, σ_max].</summary>
    /// <param name="rho">ρ, any shape, floating point.</param>
    /// <param name="min">σ_min.</param>
    /// <param name="max">σ_max.</param>
    /// <returns>σ of ρ's shape and dtype; no gradient where ρ is outside the range.</returns>
    public static Tensor DirectStd(Tensor rho, double min, double max)
    {
        ArgumentNullException.ThrowIfNull(rho);
        return rho.clamp(Scalars.Of(min), Scalars.Of(max));
    }

    /// <summary>μ = b·tanh((ρ + shift) / b).</summary>
    /// <param name="rho">ρ, any shape, floating point.</param>
    /// <param name="bound">b: μ stays inside (−b, b).</param>
    /// <param name="shift">Added to ρ.</param>
    /// <returns>μ of ρ's shape and dtype.</returns>
    public static Tensor BoundedMean(Tensor rho, double bound, double shift)
    {
        ArgumentNullException.ThrowIfNull(rho);
        return (rho.Plus(Scalars.Of(shift)) / Scalars.Of(bound)).tanh() * Scalars.Of(bound);
    }

    /// <summary>x̃ = x + m·(μ + σ·ε). Where the mask is not set, x̃ is x bit for bit, whatever stands in μ, σ and ε.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="means">μ, broadcast to x.</param>
    /// <param name="stds">σ, broadcast to x.</param>
    /// <param name="noise">ε, standard normal, broadcast to x.</param>
    /// <param name="noiseMask">m, shape (batch, sequence), bool.</param>
    /// <returns>x̃ of x's shape, in the widest of the dtypes.</returns>
    public static Tensor Sample(Tensor clean, Tensor means, Tensor stds, Tensor noise, Tensor noiseMask)
    {
        ArgumentNullException.ThrowIfNull(clean);
        ArgumentNullException.ThrowIfNull(stds);
        ArgumentNullException.ThrowIfNull(noise);
        ArgumentNullException.ThrowIfNull(noiseMask);
        var kept = noiseMask.unsqueeze(-1).bitwise_not();
        // All are cleared before they meet: behind a mask, 0·NaN would still reach the gradient.
        return clean.Plus(means.masked_fill(kept, Scalars.Of(0))).Plus(stds.masked_fill(kept, Scalars.Of(0)) * noise.masked_fill(kept, Scalars.Of(0)));
    }

    /// <summary>
    /// Values in another dtype, each rounded once, to a nearest one. torch casts float64 to 16 bits by way of float32, which rounds twice: so the significand is shortened in float64
    /// before (Veltkamp's splitting; Dekker, "A floating-point technique for extending the available precision", 1971), and the cast is exact.
    /// </summary>
    /// <param name="values">Any shape, floating point.</param>
    /// <param name="dtype">A floating dtype.</param>
    /// <returns>Values of the same shape.</returns>
    public static Tensor Round(Tensor values, ScalarType dtype)
    {
        ArgumentNullException.ThrowIfNull(values);
        int? bits = dtype switch
        {
            ScalarType.BFloat16 => 8,
            ScalarType.Float16 => 11,
            _ => null,
        };
        if (bits is null || values.dtype != ScalarType.Float64)
        {
            return values.to(dtype);
        }

        var scaled = values * Scalars.Of(Math.Pow(2, 53 - bits.Value) + 1);
        var shortened = scaled - (scaled - values);
        if (dtype == ScalarType.Float16)
        {
            // Below 2⁻¹⁴ a float16 is a multiple of 2⁻²⁴, whatever its size.
            const double Grid = 1.5 * (1 << 28);
            shortened = where(values.abs() < Scalars.Of(Math.Pow(2, -14)), values.Plus(Scalars.Of(Grid)) - Scalars.Of(Grid), shortened);
        }

        return shortened.to(dtype);
    }

    /// <summary>T, the median L2 norm of an embedding table's rows; of an even number of rows the lower of the middle two. Waits for the device: ask once for each table.</summary>
    /// <param name="embeddingTable">Shape (vocabulary, features), any floating dtype.</param>
    public static double MedianNorm(Tensor embeddingTable)
    {
        ArgumentNullException.ThrowIfNull(embeddingTable);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var precision = embeddingTable.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        return embeddingTable.to(precision).norm(1).median().ReadDouble();
    }
}
