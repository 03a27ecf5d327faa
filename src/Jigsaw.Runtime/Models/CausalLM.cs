using Jigsaw.Batches;
using Jigsaw.Checkpoints;
using Jigsaw.Models.Configuration;
using Jigsaw.Models.Decoder;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>
/// A frozen causal language model of the families llama, mistral, qwen2 and qwen3, read from a Hugging Face checkpoint. Teacher and student
/// share it; adapters are passed to each run. Its weights never require a gradient.
/// </summary>
public sealed partial class CausalLM : IRecordedModel, IDisposable
{
    internal const string HeadModule = "lm_head";

    private readonly string _directory;
    private readonly DecoderLayer[] _layers;
    private readonly RmsNorm _norm;
    private readonly Tensor _frequencies;
    private bool _isDisposed;

    private CausalLM(string directory, CausalLMConfig config, Tensor embeddingTable, DecoderLayer[] layers, RmsNorm norm, Tensor headWeight)
    {
        _directory = directory;
        Config = config;
        EmbeddingTable = embeddingTable;
        _layers = layers;
        _norm = norm;
        Head = new LanguageModelHead(headWeight);
        var angleType = DType == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        using var frequencies = tensor(config.Rope.Frequencies(config.HeadDim), dtype: ScalarType.Float32);
        _frequencies = frequencies.to(angleType, Device, copy: true).DetachFromDisposeScope();
    }

    /// <summary>The checkpoint that it was read from.</summary>
    internal string CheckpointDirectory => _directory;

    /// <summary>The contents of its config.json.</summary>
    public CausalLMConfig Config { get; }

    /// <summary>The embedding table, shape (vocabulary, hidden).</summary>
    public Tensor EmbeddingTable { get; }

    /// <summary>The LM head; its weight is the embedding table if the model is tied.</summary>
    public LanguageModelHead Head { get; private set; }

    /// <summary>Number of decoder layers.</summary>
    public int LayerCount => Config.LayerCount;

    /// <summary>The type of the weights.</summary>
    public ScalarType DType => EmbeddingTable.dtype;

    /// <summary>The device of the model.</summary>
    public Device Device => EmbeddingTable.device;

    /// <summary>The last layer that a run can reach; null if the model is whole. See <see cref="Offload"/>.</summary>
    public int? TruncatedAfter { get; private set; }

    /// <summary>The weights of the decoder layers' linear maps, each of shape (output, input), in the order of the model.</summary>
    public IEnumerable<Tensor> LinearWeights => Linears.Select(linear => linear.Weight);

    /// <summary>How many values a layer records for each token.</summary>
    internal long RecordedFeatures => _layers.Max(layer => layer.RecordedFeatures);

    internal IEnumerable<FrozenLinear> Linears => _layers.SelectMany(layer => layer.Linears);

    /// <summary>Reads a checkpoint directory: config.json, and model.safetensors or the shards of its index.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="device">Where the weights go.</param>
    /// <param name="dtype">The floating type that they are cast to.</param>
    /// <exception cref="CheckpointException">It is not a checkpoint, a file or tensor is missing or damaged, or it has something unsupported.</exception>
    public static CausalLM Load(string directory, Device device, ScalarType dtype)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(device);
        if (dtype is not (ScalarType.Float64 or ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float16))
        {
            throw new ArgumentException($"A model can't be of the type {dtype}; use Float32, BFloat16, Float16 or Float64.", nameof(dtype));
        }

        using var grad = no_grad();
        return new CausalLMLoader(directory, device, dtype).Load((config, table, layers, norm, head) => new CausalLM(directory, config, table, layers, norm, head));
    }

    /// <summary>The embeddings of tokens.</summary>
    /// <param name="ids">Token ids, shape (batch, sequence), int64, on the model's device.</param>
    /// <returns>Shape (batch, sequence, hidden).</returns>
    /// <exception cref="ArgumentOutOfRangeException">An id is none of the vocabulary; checked on the CPU.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public Tensor Embed(Tensor ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        TokenIds.Require(ids, EmbeddingTable.shape[0]);
        return EmbeddingTable.index(TensorIndex.Tensor(ids));
    }

    /// <summary>Runs the model on embeddings. Gradients flow into the embeddings and the adapters if they require one.</summary>
    /// <param name="embeddings">Shape (batch, sequence, hidden), on the model's device; cast to its type.</param>
    /// <param name="attentionMask">Real tokens, shape (batch, sequence); padding may be on the left or right, and a row may be all padding: the output of padding is finite and meaningless.</param>
    /// <param name="adapters">The adapters to apply; null runs the bare base.</param>
    /// <param name="layer">A decoder layer whose raw output to keep, counted from 0; null keeps none.</param>
    /// <param name="toEnd">True to run to the final norm; otherwise the run stops after <paramref name="layer"/>.</param>
    /// <exception cref="ArgumentException">Shapes don't match, the layer is not in the model, or nothing is requested.</exception>
    /// <exception cref="InvalidOperationException">The run needs offloaded layers, or adapters are given that are merged into the weights.</exception>
    public HiddenStates Run(Tensor embeddings, RowMask attentionMask, IAdapters? adapters = null, int? layer = null, bool toEnd = true)
    {
        using var scope = NewDisposeScope();
        var (last, inputs) = Begin(embeddings, attentionMask, adapters, layer, toEnd);
        var hidden = embeddings.to(DType);
        Tensor? kept = null;
        for (var i = 0; i <= last; i++)
        {
            var output = _layers[i].Run(hidden, inputs, adapters, cache: null);
            if (i > 0 && !ReferenceEquals(hidden, kept))
            {
                hidden.Dispose();
            }

            hidden = output;
            kept = i == layer ? hidden : kept;
        }

        return new HiddenStates(toEnd ? _norm.Apply(hidden).MoveToOuterDisposeScope() : null, kept?.MoveToOuterDisposeScope());
    }

    /// <summary>Only low-rank adapters have a hand-written backward pass.</summary>
    bool IRecordedModel.CanRecord(IAdapters? adapters) =>
        adapters is null || Linears.Select(linear => adapters.Find(linear.Module)).All(adapter => adapter is null or ILowRankAdapter);

    RecordedRun IRecordedModel.Record(Tensor embeddings, RowMask attentionMask, IAdapters? adapters, int? layer, bool toEnd, bool wantsInput, LayerRecords records, bool rematerialize)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var (last, inputs) = Begin(embeddings, attentionMask, adapters, layer, toEnd);
        return new RecordedRun(_layers[..(last + 1)], _norm, embeddings.to(DType), inputs.Keep(), adapters, layer, toEnd, wantsInput, records, rematerialize);
    }

    /// <summary>Moves the layers after one, and everything that follows them, off the model's device; runs that stop at that layer work as before.</summary>
    /// <param name="lastLayer">The last layer that stays, counted from 0.</param>
    /// <param name="to">Where the rest is kept; null for CPU memory.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    /// <exception cref="InvalidOperationException">The model is already truncated.</exception>
    public void Offload(int lastLayer, Device? to = null)
    {
        if (lastLayer < 0 || lastLayer >= LayerCount)
        {
            throw new ArgumentOutOfRangeException(nameof(lastLayer), lastLayer, $"The model has layers 0 to {LayerCount - 1}; name one of these.");
        }

        if (TruncatedAfter is { } before)
        {
            throw new InvalidOperationException($"The model is already truncated after layer {before}; call Restore() first.");
        }

        MoveBehind(lastLayer, to ?? CPU);
        TruncatedAfter = lastLayer;
    }

    /// <summary>Moves back what <see cref="Offload"/> moved away.</summary>
    public void Restore()
    {
        if (TruncatedAfter is { } lastLayer)
        {
            MoveBehind(lastLayer, Device);
            TruncatedAfter = null;
        }
    }

    /// <summary>Frees the model.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        if (!ReferenceEquals(Head.Weight, EmbeddingTable))
        {
            Head.Weight.Dispose();
        }

        EmbeddingTable.Dispose();
        _norm.Dispose();
        _frequencies.Dispose();
        foreach (var layer in _layers)
        {
            layer.Dispose();
        }
    }

    private void MoveBehind(int lastLayer, Device device)
    {
        using var grad = no_grad();
        foreach (var layer in _layers.Skip(lastLayer + 1))
        {
            layer.MoveTo(device);
        }

        _norm.MoveTo(device);
        if (!Config.TiedHead)
        {
            Head = new LanguageModelHead(FrozenLinear.Moved(Head.Weight, device));
        }
    }

    private void RequireReady(int lastLayer, bool toEnd, IAdapters? adapters)
    {
        if (TruncatedAfter is { } truncated && (toEnd || lastLayer > truncated))
        {
            throw new InvalidOperationException($"The model is truncated after layer {truncated}, and this run needs {(toEnd ? "its end" : $"layer {lastLayer}")}; call Restore() first.");
        }

        if (IsMerged && adapters is not null)
        {
            throw new InvalidOperationException("Adapters are merged into this model, so they would be applied a second time; call Unmerge() first, or run it without adapters.");
        }
    }

    /// <summary>The setup of a run: its last layer, and what all its layers share.</summary>
    private (int Last, AttentionInputs Inputs) Begin(Tensor embeddings, RowMask attentionMask, IAdapters? adapters, int? layer, bool toEnd)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        ArgumentNullException.ThrowIfNull(attentionMask);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        RequireShapes(embeddings, attentionMask.Value);
        if (layer is { } asked ? asked < 0 || asked >= LayerCount : !toEnd)
        {
            throw new ArgumentException(
                layer is null ? "A run that doesn't go to the end needs a layer to stop after." : $"There is no layer {layer}; the model has layers 0 to {LayerCount - 1}.",
                nameof(layer));
        }

        var last = toEnd ? LayerCount - 1 : layer!.Value;
        RequireReady(last, toEnd, adapters);
        return (last, Inputs(attentionMask.Value, start: 0));
    }

    private AttentionInputs Inputs(Tensor mask, int start) => AttentionInputs.Create(mask, start, Config, _frequencies, DType);

    private void RequireShapes(Tensor embeddings, Tensor mask)
    {
        if (embeddings.dim() != 3 || embeddings.shape[2] != Config.HiddenSize || !embeddings.shape.AsSpan(0, 2).SequenceEqual(mask.shape))
        {
            throw new ArgumentException($"Embeddings of shape ({string.Join(", ", embeddings.shape)}) and a mask of shape ({string.Join(", ", mask.shape)}) are incompatible on a model of {Config.HiddenSize} features; give (batch, sequence, {Config.HiddenSize}) and (batch, sequence).", nameof(embeddings));
        }
    }
}
