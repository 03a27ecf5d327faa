using Jigsaw.Checkpoints;
using Jigsaw.Models.Configuration;
using Jigsaw.Models.Decoder;
using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>Reads the weights of a checkpoint into the parts of a model: each tensor once, in file order, without initializing anything first.</summary>
internal sealed class CausalLMLoader(string directory, Device device, ScalarType dtype)
{
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    public CausalLM Load(Func<CausalLMConfig, Tensor, DecoderLayer[], RmsNorm, Tensor, CausalLM> make)
    {
        var config = CausalLMConfig.Read(directory);
        using var weights = CheckpointWeights.Open(directory);
        CausalLMTensors.Check(config, weights);
        try
        {
            foreach (var name in weights.Names.Where(name => !CausalLMTensors.IsIgnored(config, name)))
            {
                _tensors.Add(name, weights.Read(name, device, dtype));
            }

            var table = _tensors[CausalLMTensors.EmbeddingTable];
            CheckTiedHead(config, weights, table);
            var layers = Enumerable.Range(0, config.LayerCount).Select(i => Layer(config, i)).ToArray();
            var norm = new RmsNorm(_tensors[CausalLMTensors.Norm], config.NormEps);
            return make(config, table, layers, norm, config.TiedHead ? table : _tensors[CausalLMTensors.Head]);
        }
        catch
        {
            foreach (var tensor in _tensors.Values)
            {
                tensor.Dispose();
            }

            throw;
        }
    }

    /// <summary>A head that is stored beside a tied one must be the same, or it would be ignored in silence.</summary>
    private void CheckTiedHead(CausalLMConfig config, CheckpointWeights weights, Tensor table)
    {
        if (!config.TiedHead || !weights.Names.Contains(CausalLMTensors.Head))
        {
            return;
        }

        using var head = weights.Read(CausalLMTensors.Head, device, dtype);
        if (!head.shape.SequenceEqual(table.shape) || !head.Equals(table))
        {
            throw new CheckpointException(directory, $"has 'tie_word_embeddings' = true and an '{CausalLMTensors.Head}' that differs from '{CausalLMTensors.EmbeddingTable}'; set tie_word_embeddings to false to use the stored head, or remove it.");
        }
    }

    private DecoderLayer Layer(CausalLMConfig config, int index)
    {
        var name = DecoderLayer.NameOf(index);
        return new DecoderLayer(config, index)
        {
            InputNorm = Norm("input_layernorm"),
            Query = Linear("self_attn.q_proj"),
            Key = Linear("self_attn.k_proj"),
            Value = Linear("self_attn.v_proj"),
            Output = Linear("self_attn.o_proj"),
            QueryNorm = config.QueryKeyNorm ? Norm("self_attn.q_norm") : null,
            KeyNorm = config.QueryKeyNorm ? Norm("self_attn.k_norm") : null,
            FeedForwardNorm = Norm("post_attention_layernorm"),
            Gate = Linear("mlp.gate_proj"),
            Up = Linear("mlp.up_proj"),
            Down = Linear("mlp.down_proj"),
        };

        RmsNorm Norm(string module) => new(_tensors[$"{name}.{module}.weight"], config.NormEps);

        FrozenLinear Linear(string module) =>
            new($"{name}.{module}", _tensors[$"{name}.{module}.weight"], _tensors.GetValueOrDefault($"{name}.{module}.bias"));
    }
}
