using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Diagnostics;
using Jigsaw.Transforms.Noise;
using TorchSharp;
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
    private readonly Tensor _table;
    private readonly SeededNoise _noise;
    private readonly long _features;
    private readonly TransformNetwork _network;

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
        }

        _network = new TransformNetwork(_features, config, seed, Device);
        _noise = new SeededNoise(seed, Device);
        Parameters = [.. _network.named_parameters().Select(named => new TransformParameter(named.name, named.parameter, IsHead: named.name.StartsWith("mean.", StringComparison.Ordinal) || named.name.StartsWith("std.", StringComparison.Ordinal)))];
    }

    /// <summary>The shape of the transform.</summary>
    public TransformConfig Config { get; }

    /// <summary>Seed of the initial parameters and of the noise.</summary>
    public long Seed { get; }

    /// <summary>How many samples have been drawn; the noise of the next one follows from it and the seed, so a resumed run continues with the same noise.</summary>
    public long Samples
    {
        get => _noise.Count;
        set => _noise.Count = value;
    }

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

    /// <summary>What is trained, as a module: <c>named_parameters()</c> and <c>state_dict()</c> have the names of the transform's file. It belongs to the transform, and stays on the embedding table's device in float32.</summary>
    public nn.Module Network => _network;

    /// <summary>What is trained; <c>JigsawOptimizer.Groups</c> names it, too.</summary>
    internal IReadOnlyList<TransformParameter> Parameters { get; }

    /// <summary>Embeds a batch, and samples x̃ once for teacher and student.</summary>
    /// <param name="batch">Token ids and masks on the transform's device.</param>
    /// <returns>x, μ, σ and x̃, which belong to the caller's dispose scope.</returns>
    public TransformedBatch Apply(TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return Apply(batch.InputIds, batch.AttentionMask, batch.NoiseMask, batch);
    }

    /// <summary>Embeds token ids, and samples x̃ once for teacher and student.</summary>
    /// <param name="inputIds">Shape (batch, sequence), int64.</param>
    /// <param name="attentionMask">Real tokens.</param>
    /// <param name="noiseMask">Tokens to transform.</param>
    /// <returns>x, μ, σ and x̃, which belong to the caller's dispose scope.</returns>
    public TransformedBatch Apply(Tensor inputIds, RowMask attentionMask, RowMask noiseMask) => Apply(inputIds, attentionMask, noiseMask, null);

    private TransformedBatch Apply(Tensor inputIds, RowMask attentionMask, RowMask noiseMask, TokenBatch? batch)
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
            NotInReplyMask = batch?.NotInReplyMask,
            InReplyMask = batch?.InReplyMask,
            PrivateMask = batch?.PrivateMask,
            Clean = clean,
            Noisy = TransformFunctions.Sample(clean, means, stds, _noise.Draw(clean.shape, Device), noiseMask.Value),
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
        var (mean, std) = _network.Run(clean.to(ScalarType.Float32) / Scale, attentionMask);
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
        _network.Dispose();
        _noise.Dispose();
    }

    private static (double Scale, double MedianNorm) Measure(Tensor table, double? scale)
    {
        if (table.device.type == DeviceType.META)
        {
            return (scale ?? 1, 1);
        }

        return (scale ?? table.to(ScalarType.Float32).std().ToDouble(), TransformFunctions.MedianNorm(table));
    }
}
