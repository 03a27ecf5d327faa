using Jigsaw.Batches;
using Jigsaw.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Transforms;

/// <summary>
/// What is trained of a transform: one causal pre-norm transformer block over the sequence of embeddings, and two heads that produce μ and ρ, all in multiples of the
/// transform's scale. Its parameters are registered under the names that they have in the transform's file.
/// </summary>
internal sealed class TransformNetwork : nn.Module
{
    private const double NormEpsilon = 1e-5;

    private readonly TransformConfig _config;
    private readonly long _features;

    /// <summary>Draws the initial parameters on the host, and never from the global generator.</summary>
    /// <param name="features">Features of an embedding.</param>
    /// <param name="config">The shape of the transform.</param>
    /// <param name="seed">Seed of the initial parameters.</param>
    /// <param name="device">Where the parameters go.</param>
    public TransformNetwork(long features, TransformConfig config, long seed, Device device)
        : base(nameof(TransformNetwork))
    {
        (_features, _config) = (features, config);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var initial = new Generator((ulong)seed, CPU);
        var (inner, outputs) = (features * config.FeedForwardRatio, config.Outputs(features));
        void Register(string name, Tensor weight, Tensor bias)
        {
            register_parameter($"{name}.weight", Trained(weight, device));
            register_parameter($"{name}.bias", Trained(bias, device));
        }

        Register("block.norm1", ones(features), zeros(features));
        Register("block.attention.qkv", Uniform(initial, 3 * features, features), zeros(3 * features));
        Register("block.attention.out", Uniform(initial, features, features), zeros(features));
        Register("block.norm2", ones(features), zeros(features));
        Register("block.feed_forward.up", Uniform(initial, inner, features), zeros(inner));
        Register("block.feed_forward.down", Uniform(initial, features, inner), zeros(features));
        Register("mean", zeros(outputs, features), zeros(outputs));
        Register("std", zeros(outputs, features), full(outputs, Scalars.Of(config.Std.InitialValue)));
    }

    /// <summary>μ and ρ before their parameterizations.</summary>
    /// <param name="x">Embeddings in multiples of the scale, shape (batch, sequence, features), float32.</param>
    /// <param name="attentionMask">Real tokens.</param>
    /// <returns>Two tensors, shape (batch, sequence, rank).</returns>
    public (Tensor Mean, Tensor Std) Run(Tensor x, RowMask attentionMask)
    {
        x = x.Plus(Attention(LayerNorm(x, "block.norm1"), attentionMask));
        x = x.Plus(Linear(Linear(LayerNorm(x, "block.norm2"), "block.feed_forward.up").gelu(), "block.feed_forward.down"));
        return (Linear(x, "mean"), Linear(x, "std"));
    }

    /// <inheritdoc/>
    protected override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => throw Fixed();

    /// <inheritdoc/>
    protected override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => throw Fixed();

    /// <inheritdoc/>
    protected override nn.Module _to(ScalarType dtype, bool non_blocking) => throw Fixed();

    private static NotSupportedException Fixed() =>
        new("The network of a transform stays float32 on the embedding table's device; save the transform, and load it with the embedding table of a model on the other device.");

    private static Tensor Uniform(Generator generator, long rows, long columns)
    {
        var bound = 1 / Math.Sqrt(columns);
        return (rand([rows, columns], dtype: ScalarType.Float32, generator: generator) * Scalars.Of(2) - Scalars.Of(1)) * Scalars.Of(bound);
    }

    private static Parameter Trained(Tensor value, Device device)
    {
        var parameter = new Parameter(value.to(ScalarType.Float32).to(device), requires_grad: true);
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    private Tensor Linear(Tensor x, string name) =>
        nn.functional.linear(x, get_parameter($"{name}.weight")!, get_parameter($"{name}.bias")!);

    private Tensor LayerNorm(Tensor x, string name)
    {
        var (weight, bias) = (get_parameter($"{name}.weight")!, get_parameter($"{name}.bias")!);
        if (x.device_type != DeviceType.META)
        {
            return nn.functional.layer_norm(x, [_features], weight, bias, NormEpsilon);
        }

        // Written out: libtorch has no kernel there for its own.
        var centered = x - x.mean([-1], keepdim: true);
        return (centered * centered.Squared().mean([-1], keepdim: true).Plus(Scalars.Of(NormEpsilon)).rsqrt() * weight).Plus(bias);
    }

    private Tensor Attention(Tensor x, RowMask attentionMask)
    {
        var (batch, sequence) = (x.shape[0], x.shape[1]);
        var headSize = _features / _config.Heads;
        var qkv = Linear(x, "block.attention.qkv").reshape(batch, sequence, 3, _config.Heads, headSize).permute(2, 0, 3, 1, 4);

        if (AttentionBlock.IsLong(sequence, sequence))
        {
            return Linear(Long(qkv[0], qkv[1], qkv[2], attentionMask).transpose(1, 2).reshape(batch, sequence, _features), "block.attention.out");
        }

        // Each token sees itself, also in padding, so no row of the softmax is empty.
        var causal = ones(sequence, sequence, dtype: ScalarType.Bool, device: x.device).tril();
        var self = eye(sequence, dtype: ScalarType.Bool, device: x.device);
        var visible = (causal & attentionMask.Value.unsqueeze(1).unsqueeze(1)) | self;
        var attended = ScaledDotProduct.Attend(qkv[0], qkv[1], qkv[2], ScaledDotProduct.Bias(visible, x.dtype));
        return Linear(attended.transpose(1, 2).reshape(batch, sequence, _features), "block.attention.out");
    }

    /// <summary>Attention over long sequences: without a bias where padding is at the end, where no real token sees it; else block by block.</summary>
    private static Tensor Long(Tensor queries, Tensor keys, Tensor values, RowMask mask)
    {
        if (IsPaddedAtTheEnd(mask) && queries.device_type != DeviceType.META)
        {
            return nn.functional.scaled_dot_product_attention(queries, keys, values, is_casual: true);
        }

        var length = queries.shape[2];
        return cat([.. AttentionBlock.Of(length, length, window: null).Select(block => ScaledDotProduct.Attend(block.RowsOf(queries), block.ColumnsOf(keys), block.ColumnsOf(values), block.Bias(mask.Value, window: null, queries.dtype)))], 2);
    }

    private static bool IsPaddedAtTheEnd(RowMask mask)
    {
        var host = mask.Host;
        var sequence = (int)mask.Value.shape[1];
        for (var start = 0; start < host.Length; start += sequence)
        {
            var row = host.Slice(start, sequence);
            var real = row.IndexOf(false);
            if (real >= 0 && row[real..].Contains(true))
            {
                return false;
            }
        }

        return !host.IsEmpty;
    }
}
