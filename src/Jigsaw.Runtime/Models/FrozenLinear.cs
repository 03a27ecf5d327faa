using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>One linear map of the frozen base, under the name of its module in the checkpoint.</summary>
internal sealed class FrozenLinear(string module, Tensor weight, Tensor? bias) : IDisposable
{
    private Tensor? _replaced;

    public string Module { get; } = module;

    public Tensor Weight { get; private set; } = weight;

    public Tensor? Bias { get; private set; } = bias;

    public long InputSize => Weight.shape[1];

    public long OutputSize => Weight.shape[0];

    public Tensor Apply(Tensor input, LoraAdapters? adapters)
    {
        var output = nn.functional.linear(input, Weight, Bias);
        return adapters?.Find(Module) is { } adapter ? adapter.AddTo(output, input, adapters.Training) : output;
    }

    /// <summary>Takes another weight for a while.</summary>
    public void Replace(Tensor weight)
    {
        _replaced = Weight;
        Weight = weight.DetachFromDisposeScope();
    }

    /// <summary>Takes the weight back that was replaced.</summary>
    public void Restore()
    {
        if (_replaced is { } original)
        {
            Weight.Dispose();
            Weight = original;
            _replaced = null;
        }
    }

    public void MoveTo(Device device)
    {
        Weight = Moved(Weight, device);
        _replaced = _replaced is null ? null : Moved(_replaced, device);
        Bias = Bias is null ? null : Moved(Bias, device);
    }

    public void Dispose()
    {
        Weight.Dispose();
        _replaced?.Dispose();
        Bias?.Dispose();
    }

    public static Tensor Moved(Tensor tensor, Device device)
    {
        if (tensor.device == device)
        {
            return tensor;
        }

        var moved = tensor.to(device).DetachFromDisposeScope();
        tensor.Dispose();
        return moved;
    }
}
