using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>
/// What the backward pass through one decoder layer needs from the forward pass: the results of its matrix products. Norms, the gate's activation and
/// attention are cheap, and recomputed from these.
/// </summary>
/// <param name="memory">Where they are kept, one after another.</param>
internal sealed class LayerRecord(Tensor memory) : IDisposable
{
    private readonly Dictionary<string, Tensor> _buffers = [];
    private readonly Dictionary<string, (Tensor Inner, Tensor? Dropout)> _adapters = [];
    private long _used;

    /// <summary>The output of attention, before its output map: shape (batch, rows, heads · head dim).</summary>
    public Tensor Attended => _buffers[nameof(Attended)];

    /// <summary>The output of a linear map of the layer, including its adapter's part: shape (batch, rows, output).</summary>
    public Tensor OutputOf(FrozenLinear linear) => _buffers[linear.Role];

    /// <summary>s·A·x of a linear map's adapter, shape (batch, rows, rank), and its dropout's factor of x.</summary>
    public (Tensor Inner, Tensor? Dropout) AdapterOf(FrozenLinear linear) => _adapters[linear.Role];

    public void KeepAttended(Tensor attended) => Buffer(nameof(Attended), attended, attended.shape[^1]).copy_(attended);

    public void KeepAdapter(FrozenLinear linear, Tensor inner, Tensor? dropout) =>
        _adapters[linear.Role] = (inner.DetachFromDisposeScope(), dropout?.DetachFromDisposeScope());

    /// <summary>The buffer for the output of a linear map, shape (batch, rows, output), uninitialized.</summary>
    public Tensor BufferOf(FrozenLinear linear, Tensor input) => Buffer(linear.Role, input, linear.OutputSize);

    /// <summary>Discards the contents, so the memory can be reused.</summary>
    public void Clear()
    {
        foreach (var buffer in _buffers.Values)
        {
            buffer.Dispose();
        }

        foreach (var (inner, dropout) in _adapters.Values)
        {
            inner.Dispose();
            dropout?.Dispose();
        }

        _buffers.Clear();
        _adapters.Clear();
        _used = 0;
    }

    /// <summary>Frees the contents and the memory.</summary>
    public void Dispose()
    {
        Clear();
        memory.Dispose();
    }

    private Tensor Buffer(string name, Tensor like, long features)
    {
        var count = like.shape[0] * like.shape[1] * features;
        using var part = memory.narrow(0, _used, count);
        _used += count;
        return _buffers[name] = part.view(like.shape[0], like.shape[1], features).DetachFromDisposeScope();
    }
}
