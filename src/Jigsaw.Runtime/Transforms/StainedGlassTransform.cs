using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Diagnostics;
using Jigsaw.Tensors;
using Jigsaw.Transforms.Noise;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Transforms;

/// <summary>
/// A Stained Glass Transform: replaces token embeddings x by x̃ = x + m·(μ(x) + σ(x)·ε). One causal pre-norm transformer block over
/// the sequence of embeddings produces μ and ρ, so a token's x̃ depends on the tokens up to it and no further. Its parameters are
/// float32 on the embedding table's device; μ, σ and x̃ are float32 as well.
/// </summary>
/// <remarks>Source: Stained Glass Engine docs, noise layers; the block is <em>our reading</em>.</remarks>
public sealed class StainedGlassTransform : IDisposable
{
    private const double NormEpsilon = 1e-5;

    private readonly Tensor _table;
    private readonly Generator _generator;
    private readonly long _features;
    private readonly Parameter _norm1Weight;
    private readonly Parameter _norm1Bias;
    private readonly Parameter _qkvWeight;
    private readonly Parameter _qkvBias;
    private readonly Parameter _outWeight;
    private readonly Parameter _outBias;
    private readonly Parameter _norm2Weight;
    private readonly Parameter _norm2Bias;
    private readonly Parameter _upWeight;
    private readonly Parameter _upBias;
    private readonly Parameter _downWeight;
    private readonly Parameter _downBias;
    private readonly Parameter _meanWeight;
    private readonly Parameter _meanBias;
    private readonly Parameter _stdWeight;
    private readonly Parameter _stdBias;

    /// <summary>Makes a transform for an embedding table, with the default configuration.</summary>
    /// <param name="embeddingTable">Shape (vocabulary, features), any floating dtype; kept, not copied.</param>
    /// <param name="seed">Seed of the initial parameters and of the noise.</param>
    public StainedGlassTransform(Tensor embeddingTable, long seed = 0)
        : this(embeddingTable, new TransformConfig(), seed)
    {
    }

    /// <summary>Makes a transform for an embedding table.</summary>
    /// <param name="embeddingTable">Shape (vocabulary, features), any floating dtype; kept, not copied.</param>
    /// <param name="config">The shape of the transform.</param>
    /// <param name="seed">Seed of the initial parameters and of the noise.</param>
    /// <exception cref="ArgumentException">The table is not a matrix, or the configuration doesn't fit it.</exception>
    public StainedGlassTransform(Tensor embeddingTable, TransformConfig config, long seed = 0)
        : this(embeddingTable, config, seed, known: null)
    {
    }

    private StainedGlassTransform(Tensor embeddingTable, TransformConfig config, long seed, (double Scale, double MedianNorm)? known)
    {
        ArgumentNullException.ThrowIfNull(embeddingTable);
        ArgumentNullException.ThrowIfNull(config);
        if (embeddingTable.dim() != 2)
        {
            throw new ArgumentException($"An embedding table is a matrix (vocabulary, features), not a tensor of {embeddingTable.dim()} dimensions.", nameof(embeddingTable));
        }

        _table = embeddingTable;
        _features = embeddingTable.shape[1];
        config.Validate(_features);
        Config = config;
        Seed = seed;
        Device = embeddingTable.device;

        using (NewDisposeScope())
        using (no_grad())
        {
            (Scale, MedianNorm) = known ?? Measure(embeddingTable, config.Scale);
            using var initial = new Generator((ulong)seed, CPU);
            var (features, inner) = (_features, _features * config.FeedForwardRatio);
            _norm1Weight = Trained(ones(features));
            _norm1Bias = Trained(zeros(features));
            _qkvWeight = Trained(Uniform(initial, 3 * features, features));
            _qkvBias = Trained(zeros(3 * features));
            _outWeight = Trained(Uniform(initial, features, features));
            _outBias = Trained(zeros(features));
            _norm2Weight = Trained(ones(features));
            _norm2Bias = Trained(zeros(features));
            _upWeight = Trained(Uniform(initial, inner, features));
            _upBias = Trained(zeros(inner));
            _downWeight = Trained(Uniform(initial, features, inner));
            _downBias = Trained(zeros(features));
            _meanWeight = Trained(zeros(features, features));
            _meanBias = Trained(zeros(features));
            _stdWeight = Trained(zeros(features, features));
            _stdBias = Trained(full(features, config.Std.InitialValue));
        }

        _generator = new Generator((ulong)seed, Device.type == DeviceType.META ? CPU : Device);
        Parameters =
        [
            new("block.norm1.weight", _norm1Weight, false),
            new("block.norm1.bias", _norm1Bias, false),
            new("block.attention.qkv.weight", _qkvWeight, false),
            new("block.attention.qkv.bias", _qkvBias, false),
            new("block.attention.out.weight", _outWeight, false),
            new("block.attention.out.bias", _outBias, false),
            new("block.norm2.weight", _norm2Weight, false),
            new("block.norm2.bias", _norm2Bias, false),
            new("block.feed_forward.up.weight", _upWeight, false),
            new("block.feed_forward.up.bias", _upBias, false),
            new("block.feed_forward.down.weight", _downWeight, false),
            new("block.feed_forward.down.bias", _downBias, false),
            new("mean.weight", _meanWeight, true),
            new("mean.bias", _meanBias, true),
            new("std.weight", _stdWeight, true),
            new("std.bias", _stdBias, true),
        ];
    }

    /// <summary>The shape of the transform.</summary>
    public TransformConfig Config { get; }

    /// <summary>Seed of the initial parameters and of the noise.</summary>
    public long Seed { get; }

    /// <summary>How many samples have been drawn; the noise of the next one follows from it and the seed, so a resumed run continues with the same noise.</summary>
    public long Samples { get; set; }

    /// <summary>The embedding table, shape (vocabulary, features).</summary>
    public Tensor EmbeddingTable => _table;

    /// <summary>Features of an embedding.</summary>
    public long Features => _features;

    /// <summary>The device of parameters and results.</summary>
    public Device Device { get; }

    /// <summary>The unit of σ: the configured one, or the standard deviation of the embedding table's entries.</summary>
    public double Scale { get; }

    /// <summary>T, the median L2 norm of the embedding table's rows; of an even number of rows the lower of the middle two.</summary>
    public double MedianNorm { get; }

    /// <summary>The largest σ that the transform can give: <see cref="Scale"/>·σ_max.</summary>
    public double StdMax => Scale * Config.Std.Max;

    /// <summary>What is trained; <c>JigsawOptimizer.Groups</c> names it, too.</summary>
    internal IReadOnlyList<TransformParameter> Parameters { get; }

    /// <summary>Embeds a batch, and samples x̃ once for teacher and student.</summary>
    /// <param name="batch">Token ids and masks on the transform's device.</param>
    /// <returns>x, μ, σ and x̃, which belong to the caller's dispose scope.</returns>
    public TransformedBatch Apply(TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return Apply(batch.InputIds, batch.AttentionMask, batch.NoiseMask);
    }

    /// <summary>Embeds token ids, and samples x̃ once for teacher and student.</summary>
    /// <param name="inputIds">Shape (batch, sequence), int64.</param>
    /// <param name="attentionMask">Real tokens.</param>
    /// <param name="noiseMask">Tokens to transform.</param>
    /// <returns>x, μ, σ and x̃, which belong to the caller's dispose scope.</returns>
    public TransformedBatch Apply(Tensor inputIds, RowMask attentionMask, RowMask noiseMask)
    {
        ArgumentNullException.ThrowIfNull(inputIds);
        ArgumentNullException.ThrowIfNull(attentionMask);
        ArgumentNullException.ThrowIfNull(noiseMask);
        using var phase = StepPhases.Begin("transform");
        var clean = _table.index(TensorIndex.Tensor(inputIds)).to(ScalarType.Float32);
        var (means, stds) = Moments(clean, attentionMask);
        return new TransformedBatch
        {
            InputIds = inputIds,
            AttentionMask = attentionMask,
            NoiseMask = noiseMask,
            Clean = clean,
            Noisy = TransformFunctions.Sample(clean, means, stds, Noise(clean), noiseMask.Value),
            Means = means,
            Stds = stds,
            StdMax = StdMax,
            MedianNorm = MedianNorm,
        };
    }

    /// <summary>μ and σ of a sequence of embeddings.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="attentionMask">Real tokens; finite values come out at padding too.</param>
    /// <returns>μ and σ, shape (batch, sequence, features), float32.</returns>
    public (Tensor Means, Tensor Stds) Moments(Tensor clean, RowMask attentionMask)
    {
        ArgumentNullException.ThrowIfNull(clean);
        ArgumentNullException.ThrowIfNull(attentionMask);
        var x = clean.to(ScalarType.Float32) / Scale;
        x = x + Attention(LayerNorm(x, _norm1Weight, _norm1Bias), attentionMask);
        var up = nn.functional.linear(LayerNorm(x, _norm2Weight, _norm2Bias), _upWeight, _upBias);
        x = x + nn.functional.linear(up.gelu(), _downWeight, _downBias);

        var mean = nn.functional.linear(x, _meanWeight, _meanBias);
        var std = nn.functional.linear(x, _stdWeight, _stdBias);
        return (Config.Mean.Apply(mean) * Scale, Config.Std.Apply(std) * Scale);
    }

    /// <summary>Writes <c>sgt_config.json</c> and <c>sgt.safetensors</c>.</summary>
    /// <param name="directory">Made when it isn't there.</param>
    public void Save(string directory) => TransformFile.Write(directory, this);

    /// <summary>Reads a transform that <see cref="Save"/> wrote.</summary>
    /// <param name="directory">Where <c>sgt_config.json</c> and <c>sgt.safetensors</c> are.</param>
    /// <param name="embeddingTable">The embedding table that the transform was trained for.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged, or belongs to another embedding table.</exception>
    public static StainedGlassTransform Load(string directory, Tensor embeddingTable) =>
        TransformFile.Read(directory, embeddingTable, (config, seed, known) => new StainedGlassTransform(embeddingTable, config, seed, known));

    /// <summary>Frees the parameters; the embedding table stays its owner's.</summary>
    public void Dispose()
    {
        foreach (var parameter in Parameters)
        {
            parameter.Value.Dispose();
        }

        _generator.Dispose();
    }

    private static (double Scale, double MedianNorm) Measure(Tensor table, double? scale)
    {
        if (table.device.type == DeviceType.META)
        {
            return (scale ?? 1, 1);
        }

        return (scale ?? table.to(ScalarType.Float32).std().ToDouble(), TransformFunctions.MedianNorm(table));
    }

    private static Tensor Uniform(Generator generator, long rows, long columns)
    {
        var bound = 1 / Math.Sqrt(columns);
        return (rand([rows, columns], dtype: ScalarType.Float32, generator: generator) * 2 - 1) * bound;
    }

    private Parameter Trained(Tensor value)
    {
        var parameter = new Parameter(value.to(ScalarType.Float32).to(Device), requires_grad: true);
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    private Tensor Noise(Tensor like)
    {
        if (Device.type == DeviceType.META)
        {
            return empty_like(like);
        }

        // A seed for each sample, not one running state: a run that resumes needs the count alone.
        _generator.manual_seed(unchecked((Seed * 6364136223846793005L) + (Samples * 1442695040888963407L) + 1));
        Samples++;
        return randn(like.shape, dtype: ScalarType.Float32, device: Device, generator: _generator);
    }

    private Tensor LayerNorm(Tensor x, Tensor weight, Tensor bias)
    {
        if (x.device_type != DeviceType.META)
        {
            return nn.functional.layer_norm(x, [_features], weight, bias, NormEpsilon);
        }

        // Written out: libtorch has no kernel there for its own.
        var centered = x - x.mean([-1], keepdim: true);
        return (centered * (centered.square().mean([-1], keepdim: true) + NormEpsilon).rsqrt() * weight) + bias;
    }

    private Tensor Attention(Tensor x, RowMask attentionMask)
    {
        var (batch, sequence) = (x.shape[0], x.shape[1]);
        var headSize = _features / Config.Heads;
        var qkv = nn.functional.linear(x, _qkvWeight, _qkvBias).reshape(batch, sequence, 3, Config.Heads, headSize).permute(2, 0, 3, 1, 4);

        // Each token sees itself, also in padding, so no row of the softmax is empty.
        var causal = ones(sequence, sequence, dtype: ScalarType.Bool, device: x.device).tril();
        var self = eye(sequence, dtype: ScalarType.Bool, device: x.device);
        var visible = (causal & attentionMask.Value.unsqueeze(1).unsqueeze(1)) | self;
        var attended = ScaledDotProduct.Attend(qkv[0], qkv[1], qkv[2], ScaledDotProduct.Bias(visible, x.dtype));
        return nn.functional.linear(attended.transpose(1, 2).reshape(batch, sequence, _features), _outWeight, _outBias);
    }
}
