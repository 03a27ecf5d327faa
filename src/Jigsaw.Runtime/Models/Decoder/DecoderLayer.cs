using Jigsaw.Models.Configuration;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>One pre-norm decoder layer: attention and gated feed-forward, each added to the stream.</summary>
internal sealed partial class DecoderLayer : IDisposable
{
    private readonly CausalLMConfig _config;
    private readonly int _index;

    public DecoderLayer(CausalLMConfig config, int index)
    {
        _config = config;
        _index = index;
    }

    public required RmsNorm InputNorm { get; init; }

    public required FrozenLinear Query { get; init; }

    public required FrozenLinear Key { get; init; }

    public required FrozenLinear Value { get; init; }

    public required FrozenLinear Output { get; init; }

    public RmsNorm? QueryNorm { get; init; }

    public RmsNorm? KeyNorm { get; init; }

    public required RmsNorm FeedForwardNorm { get; init; }

    public required FrozenLinear Gate { get; init; }

    public required FrozenLinear Up { get; init; }

    public required FrozenLinear Down { get; init; }

    public IEnumerable<FrozenLinear> Linears => [Query, Key, Value, Output, Gate, Up, Down];

    /// <summary>The norms under the names of their modules in the checkpoint.</summary>
    public IEnumerable<(string Name, RmsNorm Norm)> NamedNorms
    {
        get
        {
            yield return (NameOf(_index) + ".input_layernorm", InputNorm);
            yield return (NameOf(_index) + ".post_attention_layernorm", FeedForwardNorm);
            if (QueryNorm is not null && KeyNorm is not null)
            {
                yield return (NameOf(_index) + ".self_attn.q_norm", QueryNorm);
                yield return (NameOf(_index) + ".self_attn.k_norm", KeyNorm);
            }
        }
    }

    public static string NameOf(int index) => $"model.layers.{index}";

    /// <summary>The layer's output, shape (batch, rows, hidden), in the outer dispose scope.</summary>
    public Tensor Run(Tensor hidden, AttentionInputs inputs, IAdapters? adapters, KeyValueCache? cache)
    {
        using var scope = NewDisposeScope();
        var (middle, gate, up) = RunToGate(hidden, inputs, adapters, cache, record: null);
        return middle.Plus(Down.Apply(nn.functional.silu(gate) * up, adapters)).MoveToOuterDisposeScope();
    }

    public void MoveTo(Device device)
    {
        foreach (var linear in Linears)
        {
            linear.MoveTo(device);
        }

        foreach (var (_, norm) in NamedNorms)
        {
            norm.MoveTo(device);
        }
    }

    public void Dispose()
    {
        foreach (var linear in Linears)
        {
            linear.Dispose();
        }

        foreach (var (_, norm) in NamedNorms)
        {
            norm.Dispose();
        }
    }

    /// <summary>Everything but the last map: the stream after attention, the gate, and its multiplicand.</summary>
    private (Tensor Middle, Tensor Gate, Tensor Up) RunToGate(Tensor hidden, AttentionInputs inputs, IAdapters? adapters, KeyValueCache? cache, LayerRecord? record)
    {
        var normed = InputNorm.Apply(hidden);
        var projected = AdaptedLinears.Apply([Query, Key, Value], normed, adapters, record);
        var attended = Attend(projected[0], projected[1], projected[2], inputs, cache);
        record?.KeepAttended(attended);
        var output = Output.Apply(attended, adapters, record, record?.BufferOf(Output, attended));
        var middle = record is null ? hidden.Plus(output) : output.add_(hidden, Scalars.One);
        normed = FeedForwardNorm.Apply(middle);
        var gated = AdaptedLinears.Apply([Gate, Up], normed, adapters, record);
        return (middle, gated[0], gated[1]);
    }

    /// <summary>Attention over projected queries, keys and values, before its output map: shape (batch, rows, heads · head dim).</summary>
    private Tensor Attend(Tensor query, Tensor key, Tensor value, AttentionInputs inputs, KeyValueCache? cache)
    {
        var queries = Rotate(Heads(query, _config.HeadCount, QueryNorm), inputs);
        var keys = Rotate(Heads(key, _config.KeyValueHeadCount, KeyNorm), inputs);
        var values = Heads(value, _config.KeyValueHeadCount, norm: null);
        if (cache is not null)
        {
            (keys, values) = cache.Append(_index, keys, values);
        }

        var window = _config.Windows[_index];
        var attended = inputs.IsInBlocks
            ? AttendInBlocks(queries, Repeat(keys), Repeat(values), inputs, window)
            : ScaledDotProduct.Attend(queries, Repeat(keys), Repeat(values), inputs.BiasOf(window));
        return attended.transpose(1, 2).reshape(query.shape[0], query.shape[1], -1);
    }

    private static Tensor AttendInBlocks(Tensor queries, Tensor keys, Tensor values, AttentionInputs inputs, int? window)
    {
        var parts = new List<Tensor>();
        foreach (var (block, bias) in inputs.Blocks(window))
        {
            parts.Add(ScaledDotProduct.Attend(block.RowsOf(queries), block.ColumnsOf(keys), block.ColumnsOf(values), bias));
        }

        return cat(parts, 2);
    }

    private Tensor Heads(Tensor projected, int heads, RmsNorm? norm)
    {
        var split = projected.view(projected.shape[0], projected.shape[1], heads, _config.HeadDim);
        return (norm?.Apply(split) ?? split).transpose(1, 2);
    }

    /// <summary>Repeats each key-value head for the query heads that share it; torch's attention has no argument for grouped queries here.</summary>
    private Tensor Repeat(Tensor heads)
    {
        var groups = _config.HeadCount / _config.KeyValueHeadCount;
        if (groups == 1)
        {
            return heads;
        }

        var (batch, columns) = (heads.shape[0], heads.shape[2]);
        return heads.unsqueeze(2).expand(batch, _config.KeyValueHeadCount, groups, columns, _config.HeadDim)
            .reshape(batch, _config.HeadCount, columns, _config.HeadDim);
    }

    private static Tensor Rotate(Tensor heads, AttentionInputs inputs)
    {
        var half = heads.shape[3] / 2;
        var (first, second) = (heads.narrow(3, 0, half), heads.narrow(3, half, half));
        return cat([(first * inputs.Cosines) - (second * inputs.Sines), (second * inputs.Cosines).Plus(first * inputs.Sines)], 3);
    }
}
