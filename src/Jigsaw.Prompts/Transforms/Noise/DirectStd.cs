namespace Jigsaw.Transforms.Noise;

/// <summary>σ = ρ, clamped to [σ_min, σ_max]: no gradient outside the range.</summary>
public sealed record DirectStd : StdParameterization
{
    /// <summary>σ before training, inside [<see cref="StdParameterization.Min"/>, <see cref="StdParameterization.Max"/>].</summary>
    public double InitialStd { get; init; } = 0.02;

    internal override double InitialValue => InitialStd;

    internal override void Validate()
    {
        base.Validate();
        NoiseNumbers.Require(InitialStd >= Min && InitialStd <= Max, this, nameof(InitialStd), InitialStd, "a number in [Min, Max], since a clamped σ has no gradient outside it");
    }
}
