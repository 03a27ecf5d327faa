using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>Root mean square norm over the last dimension, computed in at least single precision (arXiv 1910.07467).</summary>
internal sealed class RmsNorm(Tensor weight, double eps) : IDisposable
{
    public Tensor Weight { get; private set; } = weight;

    public Tensor Apply(Tensor input)
    {
        var dtype = input.dtype;
        var wide = dtype is ScalarType.Float64 or ScalarType.Float32 ? input : input.to(ScalarType.Float32);
        var normed = wide * wide.Squared().mean([-1], keepdim: true).Plus(Scalars.Of(eps)).rsqrt();
        return normed.to(dtype) * Weight;
    }

    /// <summary>The gradient with respect to the input: r·(g − x·r²·mean(g·x)), with g the output's gradient times the weight, and r one over the root mean square.</summary>
    public Tensor Back(Tensor gradient, Tensor input)
    {
        using var scope = NewDisposeScope();
        var type = input.dtype is ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var wide = input.to(type);
        var inverse = wide.Squared().mean([-1], keepdim: true).add_(Scalars.Of(eps), Scalars.One).rsqrt_();
        var weighted = (gradient * Weight).to(type);
        var along = (weighted * wide).mean([-1], keepdim: true).mul_(inverse.Squared());
        return weighted.addcmul_(wide, along, Scalars.Of(-1)).mul_(inverse).to(input.dtype).MoveToOuterDisposeScope();
    }

    public void MoveTo(Device device) => Weight = FrozenLinear.Moved(Weight, device);

    public void Dispose() => Weight.Dispose();
}
