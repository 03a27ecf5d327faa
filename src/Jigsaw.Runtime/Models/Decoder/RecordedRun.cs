using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Models.Decoder;

/// <summary>
/// A run of a model that keeps no graph, only what its backward pass needs. Its outputs are leaves: a loss is computed on them, its backward pass gives
/// them gradients, and <see cref="Back"/> propagates these to the adapters and the embeddings.
/// </summary>
internal sealed class RecordedRun : IDisposable
{
    private readonly DecoderLayer[] _layers;
    private readonly RmsNorm _norm;
    private readonly AttentionInputs _inputs;
    private readonly IAdapters? _adapters;
    private readonly int? _layer;
    private readonly bool _wantsInput;
    private readonly bool _rematerialize;
    private readonly LayerRecords _memory;
    private readonly Tensor _hiddenMemory;
    private readonly Tensor[] _hidden;
    private readonly LayerRecord?[] _records;
    private readonly int _first;

    /// <summary>Runs layers.</summary>
    /// <param name="layers">The layers to run, the first ones of the model.</param>
    /// <param name="norm">The final norm.</param>
    /// <param name="embeddings">Shape (batch, sequence, hidden), in the model's type.</param>
    /// <param name="inputs">What the layers share; the run takes ownership.</param>
    /// <param name="adapters">The adapters; null runs the bare base.</param>
    /// <param name="layer">A layer whose output is kept; null for none.</param>
    /// <param name="toEnd">True if the final norm's output is kept.</param>
    /// <param name="wantsInput">True if the embeddings' gradient is requested.</param>
    /// <param name="memory">What the passes of a step use in turn.</param>
    /// <param name="rematerialize">True to keep only the layers' inputs, and run each layer again in the backward pass.</param>
    internal RecordedRun(DecoderLayer[] layers, RmsNorm norm, Tensor embeddings, AttentionInputs inputs, IAdapters? adapters, int? layer, bool toEnd, bool wantsInput, LayerRecords memory, bool rematerialize)
    {
        (_layers, _norm, _inputs, _adapters, _layer, _wantsInput, _memory, _rematerialize) = (layers, norm, inputs, adapters, layer, wantsInput, memory, rematerialize);
        _records = new LayerRecord?[layers.Length];

        // Below the first adapter no gradient is needed, unless the embeddings need one.
        _first = wantsInput ? 0 : Array.FindIndex(layers, one => one.Linears.Any(linear => adapters?.Find(linear.Module) is not null));
        _first = _first < 0 ? layers.Length : _first;
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        if (_first < layers.Length)
        {
            memory.Reserve(rematerialize ? 1 : layers.Length - _first, embeddings.shape[0] * embeddings.shape[1] * layers.Max(one => one.RecordedFeatures), embeddings);
        }

        // Row i is layer i's input; the last one is what the final norm reads.
        var size = embeddings.numel();
        _hiddenMemory = memory.TakeHidden((layers.Length + 1) * size, embeddings);
        _hidden = [.. Enumerable.Range(0, layers.Length + 1).Select(i => _hiddenMemory.narrow(0, i * size, size).view(embeddings.shape).DetachFromDisposeScope())];
        _hidden[0].copy_(embeddings);
        for (var i = 0; i < layers.Length; i++)
        {
            if (i < _first)
            {
                _hidden[i + 1].copy_(layers[i].Run(_hidden[i], inputs, adapters, cache: null));
                continue;
            }

            _records[i] = memory.Take();
            layers[i].Record(_hidden[i], inputs, adapters, _records[i]!, _hidden[i + 1]);
            if (rematerialize)
            {
                Release(i);
            }
        }

        States = new HiddenStates(toEnd ? Leaf(norm.Apply(_hidden[^1])) : null, layer is { } asked ? Leaf(_hidden[asked + 1]) : null);
    }

    /// <summary>The run's outputs, for a loss to be computed on; freed with the run.</summary>
    public HiddenStates States { get; }

    /// <summary>Propagates the gradients of the run's outputs to the adapters' parameters, and returns that of the embeddings.</summary>
    /// <returns>Shape (batch, sequence, hidden), in the model's type; null if not needed, or nothing was read.</returns>
    public Tensor? Back()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var gradient = States.Last?.grad is { } last ? _norm.Back(TokenRows.Of(last), TokenRows.Of(_hidden[^1])) : null;
        for (var i = _layers.Length - 1; i >= _first; i--)
        {
            if (i == _layer && States.Layer?.grad is { } own)
            {
                gradient = gradient is null ? TokenRows.Of(own).clone() : gradient.add_(TokenRows.Of(own), Scalars.One);
            }

            if (gradient is null)
            {
                continue;
            }

            if (_rematerialize)
            {
                _layers[i].Rerun(_hidden[i], _inputs, _adapters, _records[i] = _memory.Take());
            }

            gradient = _layers[i].Back(gradient, _hidden[i], _inputs, _adapters, _records[i]!, wanted: i > _first || _wantsInput);
            Release(i);
        }

        return _wantsInput ? gradient?.view(_hidden[0].shape).MoveToOuterDisposeScope() : null;
    }

    public void Dispose()
    {
        States.Last?.Dispose();
        States.Layer?.Dispose();
        _inputs.Dispose();
        foreach (var hidden in _hidden)
        {
            hidden.Dispose();
        }

        _memory.ReturnHidden(_hiddenMemory);
        for (var i = 0; i < _records.Length; i++)
        {
            Release(i);
        }
    }

    private static Tensor Leaf(Tensor tensor) => tensor.detach().requires_grad_().DetachFromDisposeScope();

    private void Release(int index)
    {
        if (_records[index] is { } record)
        {
            _memory.Return(record);
            _records[index] = null;
        }
    }
}
