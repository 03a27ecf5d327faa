using Jigsaw.Models.Configuration;
using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>Keys and values of the tokens that a generation has seen, a buffer of fixed length for each layer.</summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly (Tensor Keys, Tensor Values)[] _layers;

    public KeyValueCache(CausalLMConfig config, int batch, int capacity, ScalarType dtype, Device device)
    {
        Capacity = capacity;
        _layers = [.. Enumerable.Range(0, config.LayerCount).Select(_ => (Buffer(), Buffer()))];

        Tensor Buffer() => zeros([batch, config.KeyValueHeadCount, capacity, config.HeadDim], dtype: dtype, device: device).DetachFromDisposeScope();
    }

    private KeyValueCache(int capacity, int length, (Tensor Keys, Tensor Values)[] layers) => (Capacity, Length, _layers) = (capacity, length, layers);

    public int Capacity { get; }

    /// <summary>Bytes of the buffers.</summary>
    public long Bytes => _layers.Sum(layer => (layer.Keys.numel() + layer.Values.numel()) * layer.Keys.element_size());

    /// <summary>How many tokens are in the cache; the next ones are written after them.</summary>
    public int Length { get; private set; }

    /// <summary>Writes the keys and values of new tokens for one layer, and returns those of all tokens so far.</summary>
    public (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values)
    {
        var count = keys.shape[2];
        var (allKeys, allValues) = _layers[layer];
        allKeys.narrow(2, Length, count).copy_(keys);
        allValues.narrow(2, Length, count).copy_(values);
        return (allKeys.narrow(2, 0, Length + count), allValues.narrow(2, 0, Length + count));
    }

    /// <summary>A copy with some of the rows, in any order and number.</summary>
    public KeyValueCache Select(Tensor rows) =>
        new(Capacity, Length, [.. _layers.Select(layer => (layer.Keys.index_select(0, rows).DetachFromDisposeScope(), layer.Values.index_select(0, rows).DetachFromDisposeScope()))]);

    /// <summary>Counts tokens as seen once all layers have them.</summary>
    public void Advance(int count) => Length += count;

    public void Dispose()
    {
        foreach (var (keys, values) in _layers)
        {
            keys.Dispose();
            values.Dispose();
        }
    }
}
