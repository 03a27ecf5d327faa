namespace Jigsaw.Transforms;

/// <summary>How the transform's free value ρ becomes a standard deviation σ.</summary>
public enum StdParameterization
{
    /// <summary>σ = σ_min + (σ_max − σ_min)·(1 + tanh(ρ / shallow)) / 2: always inside the range, with a gradient everywhere.</summary>
    Tanh,

    /// <summary>σ = ρ, clamped to [σ_min, σ_max]: no gradient outside the range.</summary>
    Direct,
}
