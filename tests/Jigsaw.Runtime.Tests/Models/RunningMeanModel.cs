using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Passes;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Runtime.Tests.Models;

/// <summary>
/// A causal model without attention that no library has: each layer adds tanh(W·m) of the mean m of the tokens so far. Its adapters are matrices
/// that it adds to W.
/// </summary>
internal sealed class RunningMeanModel : ICausalLM, IDisposable
{
    private readonly Tensor[] _mixes;

    public RunningMeanModel(int vocabulary, int features, int layers, long seed)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed, CPU);
        Tensor Matrix(int rows, double scale) => (randn(rows, features, generator: generator) * scale).DetachFromDisposeScope();
        EmbeddingTable = Matrix(vocabulary, 0.3);
        Head = new LanguageModelHead(Matrix(vocabulary, 1));
        _mixes = [.. Enumerable.Range(0, layers).Select(_ => Matrix(features, 0.5))];
    }

    public Tensor EmbeddingTable { get; }

    public LanguageModelHead Head { get; }

    public int LayerCount => _mixes.Length;

    public IEnumerable<Tensor> Weights => [EmbeddingTable, Head.Weight, .. _mixes];

    public HiddenStates Run(Tensor embeddings, RowMask attentionMask, IAdapters? adapters = null, int? layer = null, bool toEnd = true)
    {
        using var scope = NewDisposeScope();
        var offsets = (Offsets?)adapters;
        var real = attentionMask.Value.unsqueeze(-1).to(embeddings.dtype);
        var counts = real.cumsum(1).clamp(min: 1);
        var hidden = embeddings;
        Tensor? kept = null;
        for (var i = 0; i < (toEnd ? LayerCount : layer!.Value + 1); i++)
        {
            var mix = offsets is null ? _mixes[i] : _mixes[i] + offsets[i];
            hidden = hidden + nn.functional.linear((hidden * real).cumsum(1) / counts, mix).tanh();
            kept = i == layer ? hidden : kept;
        }

        return new HiddenStates(toEnd ? (hidden * 1).MoveToOuterDisposeScope() : null, kept?.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        foreach (var weight in Weights)
        {
            weight.Dispose();
        }
    }

    internal sealed class Offsets : IAdapters
    {
        private readonly Parameter[] _offsets;

        public Offsets(RunningMeanModel model)
        {
            using var scope = NewDisposeScope();
            _offsets = [.. model._mixes.Select(mix => new Parameter(zeros_like(mix)))];
            foreach (var offset in _offsets)
            {
                offset.DetachFromDisposeScope();
            }
        }

        public bool Training { get; set; }

        public IEnumerable<(string Name, Parameter Value)> NamedParameters => _offsets.Select((offset, layer) => ($"offsets.{layer}", offset));

        public Tensor this[int layer] => _offsets[layer];

        public void Dispose()
        {
            foreach (var offset in _offsets)
            {
                offset.Dispose();
            }
        }
    }
}
