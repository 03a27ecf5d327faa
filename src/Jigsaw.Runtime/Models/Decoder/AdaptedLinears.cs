using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>
/// Linear maps of one input. One dimension of their adapters' products is the rank, and several of them stacked take hardly more time than one: so without a graph,
/// and without dropout, which each adapter draws separately, they are computed together.
/// </summary>
internal static class AdaptedLinears
{
    /// <summary>Each map with its adapter: shapes (batch, rows, output).</summary>
    /// <param name="linears">The maps.</param>
    /// <param name="input">Shape (batch, rows, input).</param>
    /// <param name="adapters">The adapters of the run.</param>
    /// <param name="record">Where to keep what the backward pass needs; null if not needed.</param>
    public static Tensor[] Apply(FrozenLinear[] linears, Tensor input, IAdapters? adapters, LayerRecord? record)
    {
        Tensor? Into(FrozenLinear linear) => record?.BufferOf(linear, input);
        var adapted = Adapted(linears, adapters);
        if (adapted.Length < 2 || is_grad_enabled() || adapters!.IsRandom)
        {
            return [.. linears.Select(linear => linear.Apply(input, adapters, record, Into(linear)))];
        }

        Tensor[] outputs = [.. linears.Select(linear => linear.Apply(input, null, record, Into(linear)))];
        var inner = nn.functional.linear(input.to(adapted[0].Adapter.Down.dtype), Scaled(adapted));
        var from = 0L;
        foreach (var (index, adapter) in adapted)
        {
            var rank = adapter.Down.shape[0];
            var own = inner.narrow(-1, from, rank);
            adapter.AddUp(outputs[index], own);
            record?.KeepAdapter(linears[index], own, dropout: null);
            from += rank;
        }

        return outputs;
    }

    /// <summary>Propagates the outputs' gradients back to the input and to the adapters' parameters.</summary>
    /// <param name="linears">The maps.</param>
    /// <param name="gradients">With respect to their outputs, shapes (rows, output).</param>
    /// <param name="input">Shape (rows, input).</param>
    /// <param name="adapters">The adapters of the run.</param>
    /// <param name="record">What the run recorded.</param>
    /// <param name="sum">The gradient with respect to the input, shape (rows, input), overwritten; null if not needed.</param>
    public static void Back(FrozenLinear[] linears, Tensor[] gradients, Tensor input, IAdapters? adapters, LayerRecord record, Tensor? sum)
    {
        var adapted = Adapted(linears, adapters);
        var together = adapted.Length > 1 && !adapters!.IsRandom;
        for (var i = 0; i < linears.Length; i++)
        {
            linears[i].Back(gradients[i], input, together ? null : adapters, record, sum, adds: i > 0);
        }

        if (!together)
        {
            return;
        }

        using var scope = NewDisposeScope();
        var type = adapted[0].Adapter.Down.dtype;
        var across = empty([adapted.Sum(one => one.Adapter.Down.shape[0]), input.shape[0]], dtype: type, device: input.device);
        var from = 0L;
        foreach (var (index, adapter) in adapted)
        {
            var gradient = gradients[index].to(type).t();
            across.narrow(0, from, adapter.Down.shape[0]).addmm_(adapter.Up.t(), gradient, beta: 0, alpha: 1);
            adapter.AddToUp(TokenRows.Of(record.AdapterOf(linears[index]).Inner), gradient);
            from += adapter.Down.shape[0];
        }

        var product = across.mm(input.to(type));
        from = 0L;
        foreach (var (_, adapter) in adapted)
        {
            adapter.AddToDown(product.narrow(0, from, adapter.Down.shape[0]).mul_(Scalars.Of(adapter.Scale)));
            from += adapter.Down.shape[0];
        }

        if (sum is not null && sum.dtype == type)
        {
            sum.addmm_(across.t(), Scaled(adapted));
        }
        else
        {
            sum?.add_(across.t().mm(Scaled(adapted)), Scalars.One);
        }
    }

    /// <summary>The maps that have an adapter; none if an adapter is of another kind, which can't be stacked.</summary>
    private static (int Index, ILowRankAdapter Adapter)[] Adapted(FrozenLinear[] linears, IAdapters? adapters)
    {
        var found = linears.Select((linear, index) => (Index: index, Adapter: adapters?.Find(linear.Module))).Where(pair => pair.Adapter is not null).ToArray();
        return Array.TrueForAll(found, pair => pair.Adapter is ILowRankAdapter) ? [.. found.Select(pair => (pair.Index, (ILowRankAdapter)pair.Adapter!))] : [];
    }

    /// <summary>s·A of each, stacked vertically: shape (ranks, input).</summary>
    private static Tensor Scaled((int Index, ILowRankAdapter Adapter)[] adapted) =>
        cat([.. adapted.Select(pair => pair.Adapter.Scale == 1 ? pair.Adapter.Down : pair.Adapter.Down * Scalars.Of(pair.Adapter.Scale))], 0);
}
