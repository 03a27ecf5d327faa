using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>One pre-norm decoder layer: attention and gated feed-forward, each added to the stream.</summary>
internal sealed class DecoderLayer : IDisposable
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
    public Tensor Run(Tensor hidden, AttentionInputs inputs, LoraAdapters? adapters, KeyValueCache? cache)
    {
        using var scope = NewDisposeScope();
        var attended = hidden + Attend(InputNorm.Apply(hidden), inputs, adapters, cache);
        var normed = FeedForwardNorm.Apply(attended);
        var gated = nn.functional.silu(Gate.Apply(normed, adapters)) * Up.Apply(normed, adapters);
        return (attended + Down.Apply(gated, adapters)).MoveToOuterDisposeScope();
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

    private Tensor Attend(Tensor input, AttentionInputs inputs, LoraAdapters? adapters, KeyValueCache? cache)
    {
        var (batch, rows) = (input.shape[0], input.shape[1]);
        var query = Heads(Query.Apply(input, adapters), _config.HeadCount, QueryNorm);
        var key = Heads(Key.Apply(input, adapters), _config.KeyValueHeadCount, KeyNorm);
        var value = Heads(Value.Apply(input, adapters), _config.KeyValueHeadCount, norm: null);
        query = Rotate(query, inputs);
        key = Rotate(key, inputs);
        if (cache is not null)
        {
            (key, value) = cache.Append(_index, key, value);
        }

        var bias = inputs.BiasOf(_config.Windows[_index]);
        var attended = query.device_type == DeviceType.META
            ? AttendInSteps(query, key, value, bias)
            : nn.functional.scaled_dot_product_attention(query, Repeat(key), Repeat(value), bias);
        return Output.Apply(attended.transpose(1, 2).reshape(batch, rows, -1), adapters);
    }

    private Tensor Heads(Tensor projected, int heads, RmsNorm? norm)
    {
        var split = projected.view(projected.shape[0], projected.shape[1], heads, _config.HeadDim);
        return (norm?.Apply(split) ?? split).transpose(1, 2);
    }

    /// <summary>The same written out, for the META device: libtorch has no kernel there for its own.</summary>
    private Tensor AttendInSteps(Tensor query, Tensor key, Tensor value, Tensor bias)
    {
        var scores = query.matmul(Repeat(key).transpose(2, 3)) / Math.Sqrt(_config.HeadDim);
        return nn.functional.softmax(scores + bias, -1).matmul(Repeat(value));
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
        return cat([(first * inputs.Cosines) - (second * inputs.Sines), (second * inputs.Cosines) + (first * inputs.Sines)], 3);
    }
}
