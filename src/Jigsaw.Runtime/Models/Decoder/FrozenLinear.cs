using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>One linear map of the frozen base, under the name of its module in the checkpoint.</summary>
internal sealed class FrozenLinear(string module, Tensor weight, Tensor? bias) : IDisposable
{
    private Tensor? _replaced;

    public string Module { get; } = module;

    /// <summary>The last part of the module's name, which distinguishes the maps of one layer.</summary>
    public string Role { get; } = module[(module.LastIndexOf('.') + 1)..];

    public Tensor Weight { get; private set; } = weight;

    public Tensor? Bias { get; private set; } = bias;

    public long InputSize => Weight.shape[1];

    public long OutputSize => Weight.shape[0];

    /// <summary>The map and its adapter: shape (…, output).</summary>
    /// <param name="input">Shape (…, input).</param>
    /// <param name="adapters">The adapters of the run.</param>
    /// <param name="record">Where to keep what the backward pass needs; null if not needed.</param>
    /// <param name="into">Where the output goes, shape (batch, rows, output); null allocates a new tensor.</param>
    public Tensor Apply(Tensor input, IAdapters? adapters, LayerRecord? record = null, Tensor? into = null)
    {
        var output = into is null ? nn.functional.linear(input, Weight, Bias) : Product(input, into);
        return adapters?.Find(Module) switch
        {
            null => output,
            ILowRankAdapter adapter => adapter.AddTo(output, input, adapters.Training, this, record),
            { } adapter => output.Plus(adapter.Apply(input)).to(output.dtype),
        };
    }

    /// <summary>Propagates an output's gradient back to the input and to the adapter's parameters.</summary>
    /// <param name="gradient">With respect to the output, shape (rows, output).</param>
    /// <param name="input">The input, shape (rows, input).</param>
    /// <param name="adapters">The adapters of the run.</param>
    /// <param name="record">What the run recorded.</param>
    /// <param name="sum">The gradient with respect to the input, shape (rows, input); null if not needed.</param>
    /// <param name="adds">True to add to it; otherwise it is overwritten.</param>
    public void Back(Tensor gradient, Tensor input, IAdapters? adapters, LayerRecord record, Tensor? sum, bool adds = false)
    {
        sum?.addmm_(gradient, Weight, beta: adds ? 1 : 0);
        if (adapters?.Find(Module) is ILowRankAdapter adapter)
        {
            var (inner, dropout) = record.AdapterOf(this);
            adapter.Back(gradient, input, TokenRows.Of(inner), dropout is null ? null : TokenRows.Of(dropout), sum);
        }
    }

    private Tensor Product(Tensor input, Tensor buffer)
    {
        var rows = TokenRows.Of(buffer);
        if (Bias is not null)
        {
            rows.copy_(Bias);
        }

        rows.addmm_(TokenRows.Of(input), Weight.t(), beta: Bias is null ? 0 : 1);
        return buffer;
    }

    /// <summary>Replaces the weight temporarily.</summary>
    public void Replace(Tensor weight)
    {
        _replaced = Weight;
        Weight = weight.DetachFromDisposeScope();
    }

    /// <summary>Restores the weight that was replaced.</summary>
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
        if (KernelArguments.IsOn(tensor, device))
        {
            return tensor;
        }

        var moved = tensor.to(device).DetachFromDisposeScope();
        tensor.Dispose();
        return moved;
    }
}
