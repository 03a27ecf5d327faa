using Jigsaw.Models.Decoder;
using static TorchSharp.torch;

namespace Jigsaw.Models;

public sealed partial class CausalLM
{
    /// <summary>An empty cache for texts that grow together.</summary>
    /// <param name="rows">Texts.</param>
    /// <param name="capacity">The largest number of tokens.</param>
    internal KeyValueCache NewCache(int rows, int capacity)
    {
        using var grad = no_grad();
        return new KeyValueCache(Config, rows, capacity, DType, Device);
    }

    /// <summary>The bare base's logits behind texts that go on where their cache ends, shape (rows, vocabulary).</summary>
    /// <param name="ids">The next tokens of each, shape (rows, columns), int64, without padding.</param>
    /// <param name="cache">What is before them.</param>
    internal Tensor Continue(Tensor ids, KeyValueCache cache)
    {
        RequireReady(LayerCount - 1, toEnd: true, adapters: null);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return NextLogits(Embed(ids), Visible(ids, cache), adapters: null, cache).MoveToOuterDisposeScope();
    }

    /// <summary>The bare base's input of the LM head for each token of texts that go on where their cache ends, shape (rows, columns, hidden).</summary>
    /// <param name="ids">The next tokens of each, shape (rows, columns), int64, without padding.</param>
    /// <param name="cache">What is before them.</param>
    internal Tensor ContinueHidden(Tensor ids, KeyValueCache cache)
    {
        RequireReady(LayerCount - 1, toEnd: true, adapters: null);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return _norm.Apply(GoOn(Embed(ids), Visible(ids, cache), adapters: null, cache)).MoveToOuterDisposeScope();
    }

    private static Tensor Visible(Tensor ids, KeyValueCache cache) => ones(ids.shape[0], cache.Length + ids.shape[1], dtype: ScalarType.Bool, device: ids.device);
}
