using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>
/// The memory of records, which passes and steps use in turn: one allocation for all layers. In pieces it would fragment the C library's
/// heap, which then grows with each pass although nothing is held.
/// </summary>
internal sealed class LayerRecords
{
    private readonly Stack<LayerRecord> _free = [];
    private readonly Stack<Tensor> _hidden = [];
    private readonly List<IDisposable> _all = [];
    private long _size;

    /// <summary>Makes sure that this many records can be taken at once. All records taken at one time have the same size.</summary>
    /// <param name="count">How many.</param>
    /// <param name="size">Values of each.</param>
    /// <param name="like">A tensor of their type, on their device.</param>
    public void Reserve(int count, long size, Tensor like)
    {
        if (size > _size)
        {
            Clear();
            _size = size;
        }

        var missing = count - _free.Count;
        if (missing <= 0)
        {
            return;
        }

        var memory = Allocate([missing, _size], like);
        for (var i = missing - 1; i >= 0; i--)
        {
            var record = new LayerRecord(memory[i].DetachFromDisposeScope());
            _all.Add(record);
            _free.Push(record);
        }
    }

    public LayerRecord Take() => _free.Pop();

    public void Return(LayerRecord record)
    {
        record.Clear();
        _free.Push(record);
    }

    /// <summary>Memory for hidden states between layers, at least this many values, uninitialized.</summary>
    public Tensor TakeHidden(long count, Tensor like) =>
        _hidden.TryPop(out var memory) && memory.numel() >= count ? memory : Allocate([count], like);

    public void ReturnHidden(Tensor memory) => _hidden.Push(memory);

    /// <summary>Frees everything; no record may be in use at that time.</summary>
    public void Clear()
    {
        _all.ForEach(one => one.Dispose());
        _all.Clear();
        _free.Clear();
        _hidden.Clear();
        _size = 0;
    }

    private Tensor Allocate(long[] shape, Tensor like)
    {
        var memory = empty(shape, dtype: like.dtype, device: like.device).DetachFromDisposeScope();
        _all.Add(memory);
        return memory;
    }
}
