using Jigsaw.Checkpoints;
using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>Reads the weights of a checkpoint into the parts of a model: each tensor once, and nothing initialised before.</summary>
internal sealed class CausalLMLoader(string directory, Device device, ScalarType dtype)
{
    private readonly List<Tensor> _read = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    public CausalLM Load(Func<CausalLMConfig, Tensor, DecoderLayer[], RmsNorm, Tensor, CausalLM> make)
    {
        var config = CausalLMConfig.Read(directory);
        using var weights = CheckpointWeights.Open(directory);
        try
        {
            var table = Read(weights, "model.embed_tokens.weight", config.VocabularySize, config.HiddenSize);
            var layers = Enumerable.Range(0, config.LayerCount).Select(i => Layer(weights, config, i)).ToArray();
            var norm = Norm(weights, config, "model.norm", config.HiddenSize);
            var head = config.TiedHead ? table : Read(weights, "lm_head.weight", config.VocabularySize, config.HiddenSize);
            RejectUnused(config, weights);
            return make(config, table, layers, norm, head);
        }
        catch
        {
            _read.ForEach(tensor => tensor.Dispose());
            throw;
        }
    }

    private DecoderLayer Layer(CheckpointWeights weights, CausalLMConfig config, int index)
    {
        var name = DecoderLayer.NameOf(index);
        var queries = config.HeadCount * config.HeadDim;
        var keys = config.KeyValueHeadCount * config.HeadDim;
        return new DecoderLayer(config, index)
        {
            InputNorm = Norm(weights, config, $"{name}.input_layernorm", config.HiddenSize),
            Query = Linear(weights, $"{name}.self_attn.q_proj", queries, config.HiddenSize, config.QueryKeyValueBias),
            Key = Linear(weights, $"{name}.self_attn.k_proj", keys, config.HiddenSize, config.QueryKeyValueBias),
            Value = Linear(weights, $"{name}.self_attn.v_proj", keys, config.HiddenSize, config.QueryKeyValueBias),
            Output = Linear(weights, $"{name}.self_attn.o_proj", config.HiddenSize, queries, config.OutputBias),
            QueryNorm = config.QueryKeyNorm ? Norm(weights, config, $"{name}.self_attn.q_norm", config.HeadDim) : null,
            KeyNorm = config.QueryKeyNorm ? Norm(weights, config, $"{name}.self_attn.k_norm", config.HeadDim) : null,
            FeedForwardNorm = Norm(weights, config, $"{name}.post_attention_layernorm", config.HiddenSize),
            Gate = Linear(weights, $"{name}.mlp.gate_proj", config.IntermediateSize, config.HiddenSize, config.FeedForwardBias),
            Up = Linear(weights, $"{name}.mlp.up_proj", config.IntermediateSize, config.HiddenSize, config.FeedForwardBias),
            Down = Linear(weights, $"{name}.mlp.down_proj", config.HiddenSize, config.IntermediateSize, config.FeedForwardBias),
        };
    }

    private FrozenLinear Linear(CheckpointWeights weights, string module, int outputs, int inputs, bool bias) =>
        new(module, Read(weights, $"{module}.weight", outputs, inputs), bias ? Read(weights, $"{module}.bias", outputs) : null);

    private RmsNorm Norm(CheckpointWeights weights, CausalLMConfig config, string module, int size) =>
        new(Read(weights, $"{module}.weight", size), config.NormEps);

    private Tensor Read(CheckpointWeights weights, string name, params ReadOnlySpan<long> shape)
    {
        var tensor = weights.Read(name, shape, device, dtype);
        _read.Add(tensor);
        _used.Add(name);
        return tensor;
    }

    private void RejectUnused(CausalLMConfig config, CheckpointWeights weights)
    {
        var unused = weights.Names.FirstOrDefault(name =>
            !_used.Contains(name)
            && !name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
            && !(config.TiedHead && name == "lm_head.weight"));
        if (unused is not null)
        {
            throw new CheckpointException(directory, $"holds the tensor '{unused}', which a {config.ModelType} model of its config.json does not have; config.json and weights are of different models.");
        }
    }
}
