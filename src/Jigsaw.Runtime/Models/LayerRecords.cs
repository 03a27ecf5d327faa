using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>
/// The memory of the records of one step, which its passes use in turn: one allocation for all layers. In pieces it would scatter over the C
/// library's heap, which then grows with each pass although nothing is held.
/// </summary>
internal sealed class LayerRecords : IDisposable
{
    private readonly Stack<LayerRecord> _free = [];
    private readonly Stack<Tensor> _hidden = [];
    private readonly List<IDisposable> _all = [];

    /// <summary>Sees to it that so many records can be taken at once.</summary>
    /// <param name="count">How many.</param>
    /// <param name="size">Values of each.</param>
    /// <param name="like">A tensor of their type, on their device.</param>
    public void Reserve(int count, long size, Tensor like)
    {
        var missing = count - _free.Count;
        if (missing <= 0)
        {
            return;
        }

        var memory = Allocate(missing, size, like);
        for (var i = missing - 1; i >= 0; i--)
        {
            var record = new LayerRecord(memory[i].DetachFromDisposeScope());
            _all.Add(record);
            _free.Push(record);
        }
    }

    /// <summary>Memory for hidden states between layers, shape (at least count, values), with anything in it.</summary>
    public Tensor TakeHidden(int count, Tensor like) =>
        _hidden.TryPop(out var memory) && memory.shape[0] >= count && memory.shape[1] == like.numel() ? memory : Allocate(count, like.numel(), like);

    public void ReturnHidden(Tensor memory) => _hidden.Push(memory);

    public LayerRecord Take() => _free.Pop();

    public void Return(LayerRecord record)
    {
        record.Clear();
        _free.Push(record);
    }

    /// <summary>Frees all records, those that were taken, too.</summary>
    public void Dispose() => _all.ForEach(one => one.Dispose());

    private Tensor Allocate(int count, long size, Tensor like)
    {
        var memory = empty([count, size], dtype: like.dtype, device: like.device).DetachFromDisposeScope();
        _all.Add(memory);
        return memory;
    }
}
