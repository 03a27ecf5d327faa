namespace Jigsaw.Transforms.Noise;

/// <summary>How the transform's free value ρ becomes a standard deviation σ, in multiples of the transform's scale: <see cref="TanhStd"/> or <see cref="DirectStd"/>.</summary>
public abstract record StdParameterization
{
    private protected StdParameterization()
    {
    }

    /// <summary>The smallest σ.</summary>
    public double Min { get; init; } = 1e-4;

    /// <summary>The largest σ, above <see cref="Min"/>, and at most a million.</summary>
    public double Max { get; init; } = 2.0;

    /// <summary>ρ before training.</summary>
    internal abstract double InitialValue { get; }

    /// <summary>Checks the numbers.</summary>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    internal virtual void Validate()
    {
        NoiseNumbers.Require(double.IsFinite(Min) && Min > 0, this, nameof(Min), Min, "a finite number above 0");
        NoiseNumbers.Require(Max > Min && Max <= NoiseNumbers.Largest, this, nameof(Max), Max, "a number above Min, at most 1e6");
    }
}
