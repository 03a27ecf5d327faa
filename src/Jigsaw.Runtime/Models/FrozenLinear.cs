using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>One linear map of the frozen base, under the name of its module in the checkpoint.</summary>
internal sealed class FrozenLinear(string module, Tensor weight, Tensor? bias) : IDisposable
{
    public string Module { get; } = module;

    public Tensor Weight { get; private set; } = weight;

    public Tensor? Bias { get; private set; } = bias;

    public long InputSize => Weight.shape[1];

    public long OutputSize => Weight.shape[0];

    public Tensor Apply(Tensor input, LoraAdapters? adapters)
    {
        var output = nn.functional.linear(input, Weight, Bias);
        return adapters?.Find(Module) is { } adapter ? adapter.AddTo(output, input) : output;
    }

    public void MoveTo(Device device)
    {
        Weight = Moved(Weight, device);
        Bias = Bias is null ? null : Moved(Bias, device);
    }

    public void Dispose()
    {
        Weight.Dispose();
        Bias?.Dispose();
    }

    public static Tensor Moved(Tensor tensor, Device device)
    {
        var moved = tensor.to(device);
        if (ReferenceEquals(moved, tensor))
        {
            return tensor;
        }

        tensor.Dispose();
        return moved.DetachFromDisposeScope();
    }
}
