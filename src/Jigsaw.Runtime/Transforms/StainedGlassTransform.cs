using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Diagnostics;
using Jigsaw.Tensors;
using Jigsaw.Transforms.Noise;
using TorchSharp;
using static TorchSharp.torch;

namespace Jigsaw.Transforms;

/// <summary>
/// A Stained Glass Transform: replaces token embeddings x by x̃ = x + m·(μ(x) + σ(x)·ε). One causal pre-norm transformer block over
/// the sequence of embeddings produces μ and ρ, so a token's x̃ depends on the tokens up to it and no further. Its parameters are
/// float32 on the embedding table's device; μ and σ are float32 as well.
/// </summary>
/// <remarks>
/// A transform that is made, or loaded for training, draws ε from a seed and a count, so a resumed training draws the same. One that is loaded, or that
/// <see cref="WithSecureNoise"/> gives, draws ε from keys of the operating system's random generator and has no seed: whatever leaves the process comes from such a one.
/// Source: Stained Glass Engine docs, noise layers; the block is <em>our reading</em>.
/// </remarks>
public sealed class StainedGlassTransform : IDisposable
{
    private readonly Tensor _table;
    private bool _isDisposed;
    private readonly INoiseSource _noise;
    private readonly ScalarType _sent;
    private readonly long _features;
    private readonly TransformNetwork _network;
    private readonly bool _ownsNetwork;

    /// <summary>Makes a transform for an embedding table, with the default configuration, to be trained.</summary>
    /// <param name="embeddingTable">Shape (vocabulary, features), any floating dtype; kept, not copied.</param>
    /// <param name="seed">Seed of the initial parameters and of the noise.</param>
    public StainedGlassTransform(Tensor embeddingTable, long seed = 0)
        : this(embeddingTable, new TransformConfig(), seed)
    {
    }

    /// <summary>Makes a transform for an embedding table, to be trained.</summary>
    /// <param name="embeddingTable">Shape (vocabulary, features), any floating dtype; kept, not copied.</param>
    /// <param name="config">The shape of the transform.</param>
    /// <param name="seed">Seed of the initial parameters and of the noise.</param>
    /// <exception cref="ArgumentException">The table is not a matrix, or the configuration doesn't fit it.</exception>
    public StainedGlassTransform(Tensor embeddingTable, TransformConfig config, long seed = 0)
        : this(embeddingTable, config, seed, known: null, ScalarType.Float32)
    {
    }

    private StainedGlassTransform(Tensor embeddingTable, TransformConfig config, long? seed, (double Scale, double MedianNorm)? known, ScalarType sent)
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
        Device = embeddingTable.device;

        using (NewDisposeScope())
        using (no_grad())
        {
            (Scale, MedianNorm) = known ?? Measure(embeddingTable, config.Scale);
        }

        _network = new TransformNetwork(_features, config, seed ?? 0, Device);
        _ownsNetwork = true;
        _noise = seed is { } start ? new SeededNoise(start, Device) : new SecureNoise();
        _sent = sent;
        Parameters = [.. _network.named_parameters().Select(named => new TransformParameter(named.name, named.parameter, IsHead: named.name.StartsWith("mean.", StringComparison.Ordinal) || named.name.StartsWith("std.", StringComparison.Ordinal)))];
    }

    private StainedGlassTransform(StainedGlassTransform other, INoiseSource noise, ScalarType sent)
    {
        (_table, _features, _network, Parameters, Config) = (other._table, other._features, other._network, other.Parameters, other.Config);
        (Device, Scale, MedianNorm) = (other.Device, other.Scale, other.MedianNorm);
        (_noise, _sent) = (noise, sent);
    }

    /// <summary>The shape of the transform.</summary>
    public TransformConfig Config { get; }

    /// <summary>True if ε comes from the operating system's random generator: x̃ of such a transform may leave the process.</summary>
    public bool HasSecureNoise => Seeded is null;

    /// <summary>Seed of the noise, and of the initial parameters of a transform that was made with it; null if the noise is secure.</summary>
    public long? Seed => Seeded?.Seed;

    /// <summary>How many samples have been drawn, which with the seed gives the noise of the next one, so a resumed training continues with the same noise; null if the noise is secure.</summary>
    /// <exception cref="InvalidOperationException">It is set, and the noise is secure.</exception>
    public long? Samples
    {
        get => Seeded?.Count;
        set => (Seeded ?? throw new InvalidOperationException("This transform draws secure noise, which has no place to go back to; to draw the same noise again in a training, load it by LoadForTraining."))
            .Count = value ?? throw new ArgumentNullException(nameof(value));
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

    /// <summary>The noise of a training; null if the noise is secure.</summary>
    internal SeededNoise? Seeded => _noise as SeededNoise;

    /// <summary>What is trained; <c>JigsawOptimizer.Groups</c> names it, too.</summary>
    internal IReadOnlyList<TransformParameter> Parameters { get; }

    /// <summary>Embeds a batch, and samples x̃ once for teacher and student.</summary>
    /// <param name="batch">Token ids and masks on the transform's device.</param>
    /// <returns>x, μ, σ and x̃, which belong to the caller's dispose scope. In training x̃ is float32; with secure noise it is added up in float64 and rounded once to the dtype that is sent.</returns>
    public TransformedBatch Apply(TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        RequireIds(batch);
        return Apply(batch.InputIds, batch.AttentionMask, batch.NoiseMask, batch);
    }

    /// <summary>Embeds token ids, and samples x̃ once for teacher and student.</summary>
    /// <param name="inputIds">Shape (batch, sequence), int64.</param>
    /// <param name="attentionMask">Real tokens.</param>
    /// <param name="noiseMask">Tokens to transform.</param>
    /// <returns>x, μ, σ and x̃, which belong to the caller's dispose scope.</returns>
    public TransformedBatch Apply(Tensor inputIds, RowMask attentionMask, RowMask noiseMask) => Apply(inputIds, attentionMask, noiseMask, batch: null);

    private void RequireIds(TokenBatch batch)
    {
        ObjectDisposedException.ThrowIf(batch.InputIds.IsInvalid, batch);
        TokenIds.Require(batch.HostIds.Span, batch.SequenceLength, _table.IsInvalid ? long.MaxValue : _table.shape[0]);
    }

    private TransformedBatch Apply(Tensor inputIds, RowMask attentionMask, RowMask noiseMask, TokenBatch? batch)
    {
        ArgumentNullException.ThrowIfNull(inputIds);
        ArgumentNullException.ThrowIfNull(attentionMask);
        ArgumentNullException.ThrowIfNull(noiseMask);
        using var phase = StepPhases.Begin("transform");
        var (clean, means, stds) = Distribution(inputIds, attentionMask);
        return Batch(inputIds, attentionMask, noiseMask, batch, clean, Sample(clean, means, stds, noiseMask.Value, noiseMask.Step), means, stds);
    }

    /// <summary>
    /// Embeds the next turn of a conversation. Tokens whose beginning of the conversation was sent before get the x̃ that was sent, bit for bit, whatever padding is
    /// around them; the others get fresh noise, and are remembered. So a prefix that is sent with each turn can't be averaged.
    /// </summary>
    /// <param name="batch">Token ids and masks of one conversation, on the transform's device.</param>
    /// <param name="memory">The conversation's memory.</param>
    /// <returns>x, μ, σ and x̃ without a gradient, which belong to the caller's dispose scope.</returns>
    /// <exception cref="InvalidOperationException">The transform draws seeded noise.</exception>
    /// <exception cref="ArgumentException">The batch holds several conversations, or the memory is of another transform or dtype.</exception>
    /// <exception cref="ObjectDisposedException">The memory is disposed.</exception>
    public TransformedBatch Apply(TokenBatch batch, ConversationMemory memory) => Apply(batch, [memory]);

    /// <summary>Embeds the next turns of several conversations, as <see cref="Apply(TokenBatch, ConversationMemory)"/> does of one.</summary>
    /// <param name="batch">Token ids and masks, one conversation in each row, on the transform's device.</param>
    /// <param name="memories">The memory of each row's conversation.</param>
    /// <returns>x, μ, σ and x̃ without a gradient, which belong to the caller's dispose scope.</returns>
    /// <exception cref="InvalidOperationException">The transform draws seeded noise.</exception>
    /// <exception cref="ArgumentException">There is not one memory for each row, or one is of another transform or dtype.</exception>
    /// <exception cref="ObjectDisposedException">A memory is disposed.</exception>
    public TransformedBatch Apply(TokenBatch batch, IReadOnlyList<ConversationMemory> memories)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(memories);
        if (!HasSecureNoise)
        {
            throw new InvalidOperationException("This transform draws the seeded noise of a training, and a memory is for what is sent; use StainedGlassTransform.Load or WithSecureNoise().");
        }

        if (memories.Count != batch.BatchSize || memories.Distinct().Count() != memories.Count)
        {
            throw new ArgumentException($"The batch has {batch.BatchSize} conversations, and there are {memories.Distinct().Count()} different memories; give one for each row.", nameof(memories));
        }

        foreach (var memory in memories)
        {
            ArgumentNullException.ThrowIfNull(memory, nameof(memories));
            memory.Require(_network, _features, _sent);
        }

        RequireIds(batch);

        using var phase = StepPhases.Begin("transform");
        using var noGrad = no_grad();
        var (clean, means, stds) = Distribution(batch.InputIds, batch.AttentionMask);
        using var scope = NewDisposeScope();
        var noisy = clean.to(_sent, copy: true);
        for (var row = 0; row < memories.Count; row++)
        {
            var places = ConversationTokens.Of(batch, row);
            if (places.Count == 0)
            {
                continue;
            }

            var index = tensor(places.Positions, device: Device);
            var sent = memories[row].Send(places, from =>
            {
                var fresh = index.narrow(0, from, index.shape[0] - from);
                Tensor Pick(Tensor all) => all[row].index_select(0, fresh);
                return Sample(Pick(clean), Pick(means), Pick(stds), batch.NoiseMask.Value[row].index_select(0, fresh));
            });
            noisy[row].index_copy_(0, index, sent);
        }

        return Batch(batch.InputIds, batch.AttentionMask, batch.NoiseMask, batch, clean, noisy.MoveToOuterDisposeScope(), means, stds);
    }

    /// <summary>μ and σ of a sequence of embeddings.</summary>
    /// <param name="clean">x, shape (batch, sequence, features).</param>
    /// <param name="attentionMask">Real tokens; finite values come out at padding too.</param>
    /// <returns>μ and σ, shape (batch, sequence, features), float32.</returns>
    public (Tensor Means, Tensor Stds) Moments(Tensor clean, RowMask attentionMask)
    {
        ArgumentNullException.ThrowIfNull(clean);
        ArgumentNullException.ThrowIfNull(attentionMask);
        var x = clean.to(ScalarType.Float32);
        var (mean, std) = _network.Run(x / Scalars.Of(Scale), attentionMask);
        return (
            TransformFunctions.AllMeans(TransformFunctions.Apply(Config.Mean, mean) * Scalars.Of(Scale), x),
            TransformFunctions.AllStds(TransformFunctions.Apply(Config.Std, std) * Scalars.Of(Scale), _features, Config.RestStd * Scale));
    }

    /// <summary>The same transform with secure noise, as if it were saved and loaded: it shares the parameters, which this one owns.</summary>
    /// <param name="dtype">The floating dtype of x̃, which is rounded once; null for the embedding table's.</param>
    /// <exception cref="ArgumentException">The dtype is not a floating one.</exception>
    public StainedGlassTransform WithSecureNoise(ScalarType? dtype = null) => WithNoise(new SecureNoise(), Sent(dtype ?? _table.dtype));

    /// <summary>Writes <c>sgt_config.json</c> and <c>sgt.safetensors</c>. Neither says anything of the noise: seed and count belong to a training's checkpoint.</summary>
    /// <param name="directory">Made when it isn't there.</param>
    public void Save(string directory) => TransformFile.Write(directory, this);

    /// <summary>Reads a transform that <see cref="Save"/> wrote, to use it. It draws secure noise: there is no seed, and nobody, the holder of the file included, can draw the same again.</summary>
    /// <param name="directory">Where <c>sgt_config.json</c> and <c>sgt.safetensors</c> are.</param>
    /// <param name="embeddingTable">The embedding table that the transform was trained for.</param>
    /// <param name="dtype">The floating dtype of x̃, which is rounded once; null for the embedding table's.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged, or belongs to another embedding table.</exception>
    /// <exception cref="ArgumentException">The dtype is not a floating one.</exception>
    public static StainedGlassTransform Load(string directory, Tensor embeddingTable, ScalarType? dtype = null)
    {
        ArgumentNullException.ThrowIfNull(embeddingTable);
        var sent = Sent(dtype ?? embeddingTable.dtype);
        return TransformFile.Read(directory, embeddingTable, (config, known) => new StainedGlassTransform(embeddingTable, config, seed: null, known, sent));
    }

    /// <summary>Reads a transform that <see cref="Save"/> wrote, to train it further. Its noise follows from the seed, so x̃ must not leave the process.</summary>
    /// <param name="directory">Where <c>sgt_config.json</c> and <c>sgt.safetensors</c> are.</param>
    /// <param name="embeddingTable">The embedding table that the transform was trained for.</param>
    /// <param name="seed">Seed of the noise.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged, or belongs to another embedding table.</exception>
    public static StainedGlassTransform LoadForTraining(string directory, Tensor embeddingTable, long seed = 0) =>
        TransformFile.Read(directory, embeddingTable, (config, known) => new StainedGlassTransform(embeddingTable, config, seed, known, ScalarType.Float32));

    /// <summary>Frees the parameters, if they are its own; the embedding table stays its owner's.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        if (_ownsNetwork)
        {
            _network.Dispose();
        }

        _noise.Dispose();
    }

    /// <summary>The same transform with noise of another source, which it then owns.</summary>
    internal StainedGlassTransform WithNoise(INoiseSource noise, ScalarType dtype) => new(this, noise, dtype);

    private static ScalarType Sent(ScalarType dtype) => dtype is ScalarType.Float32 or ScalarType.Float64 or ScalarType.BFloat16 or ScalarType.Float16
        ? dtype
        : throw new ArgumentException($"x̃ can't be sent as {dtype}; use Float32, Float64, BFloat16 or Float16.", nameof(dtype));

    private (Tensor Clean, Tensor Means, Tensor Stds) Distribution(Tensor inputIds, RowMask attentionMask)
    {
        ObjectDisposedException.ThrowIf(_isDisposed || Parameters.Any(parameter => parameter.Value.IsInvalid), this);
        if (_table.IsInvalid)
        {
            throw new ObjectDisposedException(nameof(EmbeddingTable), "The embedding table that the transform reads has been disposed with its model; keep the model as long as the transform.");
        }

        TokenIds.Require(inputIds, _table.shape[0]);
        var clean = _table.index(TensorIndex.Tensor(inputIds)).to(ScalarType.Float32);
        var (means, stds) = Moments(clean, attentionMask);
        return (clean, means, stds);
    }

    /// <summary>x̃, added up in the noise's dtype and rounded once to the one that is sent.</summary>
    private Tensor Sample(Tensor clean, Tensor means, Tensor stds, Tensor noiseMask, MicroBatches? step = null)
    {
        var noise = step is { Rows: > 0 } ? OfStep(step, clean.shape) : _noise.Draw(clean.shape, Device);
        return TransformFunctions.Round(TransformFunctions.Sample(clean.to(noise.dtype), means, stds, noise, noiseMask), _sent);
    }

    /// <summary>The noise that the rows of this process have in the step: that of all rows is drawn.</summary>
    private Tensor OfStep(MicroBatches step, long[] shape)
    {
        using var scope = NewDisposeScope();
        var all = _noise.Draw([step.Rows, .. shape[1..]], Device);
        return all.narrow(0, Math.Min(step.FirstRow, step.Rows - shape[0]), shape[0]).clone().MoveToOuterDisposeScope();
    }

    private TransformedBatch Batch(Tensor inputIds, RowMask attentionMask, RowMask noiseMask, TokenBatch? batch, Tensor clean, Tensor noisy, Tensor means, Tensor stds) => new()
    {
        InputIds = inputIds,
        HostIds = batch?.HostIds,
        AttentionMask = attentionMask,
        NoiseMask = noiseMask,
        NotInReplyMask = batch?.NotInReplyMask,
        InReplyMask = batch?.InReplyMask,
        PrivateMask = batch?.PrivateMask,
        Moments = ids => Distribution(ids, attentionMask),
        Clean = clean,
        Noisy = noisy,
        Means = means,
        Stds = stds,
        StdMax = StdMax,
        MedianNorm = MedianNorm,
    };

    private static (double Scale, double MedianNorm) Measure(Tensor table, double? scale)
    {
        if (table.device.type == DeviceType.META)
        {
            return (scale ?? 1, 1);
        }

        return (scale ?? table.to(ScalarType.Float32).std().ReadDouble(), TransformFunctions.MedianNorm(table));
    }
}
