using System.Globalization;

namespace Jigsaw.Transforms;

/// <summary>
/// The shape of a Stained Glass Transform. Standard deviations are multiples of <see cref="Scale"/>, as are the transform's input and
/// its heads, so that one configuration fits embedding tables of any size of entry.
/// </summary>
public sealed record TransformConfig
{
    /// <summary>The smallest σ, in multiples of the scale.</summary>
    public double StdMin { get; init; } = 1e-4;

    /// <summary>The largest σ, in multiples of the scale.</summary>
    public double StdMax { get; init; } = 2.0;

    /// <summary>How ρ becomes σ.</summary>
    public StdParameterization Std { get; init; } = StdParameterization.Tanh;

    /// <summary>Divides ρ inside the tanh: the larger, the slower σ moves.</summary>
    public double Shallow { get; init; } = 1.0;

    /// <summary>ρ before training, for <see cref="StdParameterization.Tanh"/>.</summary>
    public double InitialRho { get; init; } = -4.0;

    /// <summary>σ before training, in multiples of the scale, for <see cref="StdParameterization.Direct"/>; inside [StdMin, StdMax].</summary>
    public double InitialStd { get; init; } = 0.02;

    /// <summary>b of the bounded mean μ = b·tanh((ρ + shift) / b), in multiples of the scale; null leaves the mean free.</summary>
    public double? MeanBound { get; init; }

    /// <summary>The shift of the bounded mean, in multiples of the scale.</summary>
    public double MeanShift { get; init; }

    /// <summary>The unit of input, heads and standard deviations; null takes the standard deviation of the embedding table's entries.</summary>
    public double? Scale { get; init; }

    /// <summary>Attention heads of the transform's block; they divide the embedding's features.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Width of the block's feed-forward layer in multiples of the embedding's features.</summary>
    public int FeedForwardRatio { get; init; } = 2;

    /// <summary>Checks the numbers against each other and an embedding's width.</summary>
    /// <param name="features">Features of an embedding.</param>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    public void Validate(long features)
    {
        Require(double.IsFinite(StdMin) && StdMin > 0, nameof(StdMin), StdMin, "a finite number above 0");
        Require(double.IsFinite(StdMax) && StdMax > StdMin, nameof(StdMax), StdMax, "a finite number above StdMin");
        Require(double.IsFinite(Shallow) && Shallow > 0, nameof(Shallow), Shallow, "a finite number above 0");
        Require(double.IsFinite(InitialRho), nameof(InitialRho), InitialRho, "a finite number");
        Require(Std != StdParameterization.Direct || (InitialStd >= StdMin && InitialStd <= StdMax), nameof(InitialStd), InitialStd, "inside [StdMin, StdMax], since a clamped σ has no gradient outside it");
        Require(MeanBound is null or > 0 and < double.PositiveInfinity, nameof(MeanBound), MeanBound ?? 0, "null or a finite number above 0");
        Require(double.IsFinite(MeanShift), nameof(MeanShift), MeanShift, "a finite number");
        Require(Scale is null or > 0 and < double.PositiveInfinity, nameof(Scale), Scale ?? 0, "null or a finite number above 0");
        Require(FeedForwardRatio > 0, nameof(FeedForwardRatio), FeedForwardRatio, "at least 1");
        Require(Heads > 0 && features % Heads == 0, nameof(Heads), Heads, string.Create(CultureInfo.InvariantCulture, $"a divisor of the {features} features of an embedding"));
    }

    private static void Require(bool holds, string name, double value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{name} of the transform is {value}; use {rule}."), name);
        }
    }
}
