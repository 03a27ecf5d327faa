using System.Globalization;
using Jigsaw.Transforms.Noise;

namespace Jigsaw.Transforms;

/// <summary>
/// The shape of a Stained Glass Transform. Standard deviations and shifts are multiples of <see cref="Scale"/>, as are the transform's input and
/// its heads, so one configuration fits embedding tables of any size of entry.
/// </summary>
public sealed record TransformConfig
{
    /// <summary>How ρ becomes σ.</summary>
    public StdParameterization Std { get; init; } = new TanhStd();

    /// <summary>How the other head's value becomes μ.</summary>
    public MeanParameterization Mean { get; init; } = new FreeMean();

    /// <summary>The unit of input, heads and standard deviations, from 1e-30 to 1e30; null takes the standard deviation of the embedding table's entries.</summary>
    public double? Scale { get; init; }

    /// <summary>Attention heads of the transform's block; they divide the embedding's features.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Width of the block's feed-forward layer in multiples of the embedding's features.</summary>
    public int FeedForwardRatio { get; init; } = 2;

    /// <summary>
    /// How many features of x̃ tell of a token, the first ones; null for all. The rest are noise around 0, alike for every token: μ = −x and σ = <see cref="RestStd"/> there. A bottleneck: what fewer numbers carry, less noise hides.
    /// </summary>
    public int? Rank { get; init; }

    /// <summary>σ of the features that tell nothing, in multiples of <see cref="Scale"/>: above 0, so that a density is one, and no rounding of −x is left to be read.</summary>
    internal double RestStd => Math.Clamp(0.1, Std.Min, Std.Max);

    /// <summary>Features that the heads give.</summary>
    /// <param name="features">Features of an embedding.</param>
    internal long Outputs(long features) => Rank ?? features;

    /// <summary>Checks the numbers against each other and an embedding's width.</summary>
    /// <param name="features">Features of an embedding.</param>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    internal void Validate(long features)
    {
        ArgumentNullException.ThrowIfNull(Std);
        ArgumentNullException.ThrowIfNull(Mean);
        Std.Validate();
        Mean.Validate();
        NoiseNumbers.Require(Scale is null or (>= 1e-30 and <= 1e30), this, nameof(Scale), Scale ?? 0, "null or a number in [1e-30, 1e30]");
        NoiseNumbers.Require(FeedForwardRatio is > 0 and <= 1024, this, nameof(FeedForwardRatio), FeedForwardRatio, "a number from 1 to 1024");
        NoiseNumbers.Require(Rank is null || (Rank >= 1 && Rank <= features), this, nameof(Rank), Rank ?? 0, string.Create(CultureInfo.InvariantCulture, $"null or a number from 1 to the {features} features of an embedding"));
        NoiseNumbers.Require(Heads > 0 && features % Heads == 0, this, nameof(Heads), Heads, string.Create(CultureInfo.InvariantCulture, $"a divisor of the {features} features of an embedding"));
    }
}
