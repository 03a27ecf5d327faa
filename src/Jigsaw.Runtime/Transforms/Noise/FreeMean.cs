using static TorchSharp.torch;

namespace Jigsaw.Transforms.Noise;

/// <summary>μ is the free value itself.</summary>
public sealed record FreeMean : MeanParameterization
{
    internal override Tensor Apply(Tensor rho) => rho;

    internal override void Validate()
    {
    }
}
