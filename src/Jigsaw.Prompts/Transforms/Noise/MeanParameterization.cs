namespace Jigsaw.Transforms.Noise;

/// <summary>How the transform's free value becomes a shift μ, in multiples of the transform's scale: <see cref="FreeMean"/> or <see cref="BoundedMean"/>.</summary>
public abstract record MeanParameterization
{
    private protected MeanParameterization()
    {
    }

    /// <summary>Checks the numbers.</summary>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    internal abstract void Validate();
}
