namespace Jigsaw.Transforms.Noise;

/// <summary>μ is the free value itself.</summary>
public sealed record FreeMean : MeanParameterization
{
    internal override void Validate()
    {
    }
}
