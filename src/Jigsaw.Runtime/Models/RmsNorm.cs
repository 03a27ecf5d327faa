using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>Root mean square norm over the last dimension, computed in at least single precision (arXiv 1910.07467).</summary>
internal sealed class RmsNorm(Tensor weight, double eps) : IDisposable
{
    public Tensor Weight { get; private set; } = weight;

    public Tensor Apply(Tensor input)
    {
        var dtype = input.dtype;
        var wide = dtype is ScalarType.Float64 or ScalarType.Float32 ? input : input.to(ScalarType.Float32);
        var normed = wide * wide.square().mean([-1], keepdim: true).add(eps).rsqrt();
        return normed.to(dtype) * Weight;
    }

    public void MoveTo(Device device) => Weight = FrozenLinear.Moved(Weight, device);

    public void Dispose() => Weight.Dispose();
}
