using System.Globalization;

namespace Jigsaw.Transforms.Noise;

/// <summary>The rules of a transform's numbers.</summary>
internal static class NoiseNumbers
{
    // Multiples of the spread of embeddings: far beyond any use, and far from what overflows in single precision.
    public const double Largest = 1e6;

    /// <summary>Throws if a number doesn't follow its rule.</summary>
    public static void Require(bool holds, object owner, string name, double value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{owner.GetType().Name}.{name} is {value}; use {rule}."), name);
        }
    }
}
