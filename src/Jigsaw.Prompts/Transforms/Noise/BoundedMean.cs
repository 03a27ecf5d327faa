namespace Jigsaw.Transforms.Noise;

/// <summary>μ = b·tanh((ρ + shift) / b).</summary>
public sealed record BoundedMean : MeanParameterization
{
    /// <summary>b: μ stays inside (−b, b).</summary>
    public required double Bound { get; init; }

    /// <summary>Added to ρ.</summary>
    public double Shift { get; init; }

    internal override void Validate()
    {
        NoiseNumbers.Require(Bound > 0 && Bound <= NoiseNumbers.Largest, this, nameof(Bound), Bound, "a number above 0, at most 1e6");
        NoiseNumbers.Require(Math.Abs(Shift) <= NoiseNumbers.Largest, this, nameof(Shift), Shift, "a number in [-1e6, 1e6]");
    }
}
