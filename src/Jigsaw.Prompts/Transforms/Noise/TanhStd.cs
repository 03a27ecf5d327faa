namespace Jigsaw.Transforms.Noise;

/// <summary>σ = σ_min + (σ_max − σ_min)·(1 + tanh(ρ / shallow)) / 2: always inside the range, with a gradient everywhere.</summary>
public sealed record TanhStd : StdParameterization
{
    /// <summary>Divides ρ inside the tanh: the larger, the slower σ moves.</summary>
    public double Shallow { get; init; } = 1.0;

    /// <summary>ρ before training: the lower, the less noise at the start.</summary>
    public double InitialRho { get; init; } = -4.0;

    internal override double InitialValue => InitialRho;

    internal override void Validate()
    {
        base.Validate();
        NoiseNumbers.Require(double.IsFinite(Shallow) && Shallow > 0, this, nameof(Shallow), Shallow, "a finite number above 0");
        NoiseNumbers.Require(Math.Abs(InitialRho) <= NoiseNumbers.Largest, this, nameof(InitialRho), InitialRho, "a number in [-1e6, 1e6]");
    }
}
