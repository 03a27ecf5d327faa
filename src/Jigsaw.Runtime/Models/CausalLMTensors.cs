using Jigsaw.Checkpoints;
using Jigsaw.Models.Configuration;
using Jigsaw.Models.Decoder;

namespace Jigsaw.Models;

/// <summary>Which tensors the checkpoint of a configuration holds. Checked against only the headers, before any weight is read.</summary>
internal static class CausalLMTensors
{
    public const string EmbeddingTable = "model.embed_tokens.weight";
    public const string Norm = "model.norm.weight";
    public const string Head = "lm_head.weight";

    /// <summary>Names and shapes of all tensors that the model reads.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Of(CausalLMConfig config)
    {
        yield return (EmbeddingTable, [config.VocabularySize, config.HiddenSize]);
        for (var i = 0; i < config.LayerCount; i++)
        {
            foreach (var tensor in OfLayer(config, DecoderLayer.NameOf(i)))
            {
                yield return tensor;
            }
        }

        yield return (Norm, [config.HiddenSize]);
        if (!config.TiedHead)
        {
            yield return (Head, [config.VocabularySize, config.HiddenSize]);
        }
    }

    /// <summary>True if transformers ignores a tensor in a file, and Jigsaw too: old rotary tables, and the head of a tied model.</summary>
    public static bool IsIgnored(CausalLMConfig config, string name) =>
        name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) || (config.TiedHead && name == Head);

    /// <summary>Compares the headers of a checkpoint with its configuration.</summary>
    /// <exception cref="CheckpointException">A tensor is missing, has another shape, or is not in the model.</exception>
    public static void Check(CausalLMConfig config, CheckpointWeights weights)
    {
        var expected = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, shape) in Of(config))
        {
            weights.Require(name, shape);
            expected.Add(name);
        }

        if (weights.Names.FirstOrDefault(name => !expected.Contains(name) && !IsIgnored(config, name)) is { } unused)
        {
            throw new CheckpointException(weights.Directory, $"holds the tensor '{unused}', which a {config.ModelType} model of its config.json does not have; config.json and weights belong to different models.");
        }
    }

    private static IEnumerable<(string Name, long[] Shape)> OfLayer(CausalLMConfig config, string layer)
    {
        long hidden = config.HiddenSize;
        var queries = (long)config.HeadCount * config.HeadDim;
        var keys = (long)config.KeyValueHeadCount * config.HeadDim;
        yield return ($"{layer}.input_layernorm.weight", [hidden]);
        (string Name, long Outputs, long Inputs, bool Bias)[] linears =
        [
            ("self_attn.q_proj", queries, hidden, config.QueryKeyValueBias),
            ("self_attn.k_proj", keys, hidden, config.QueryKeyValueBias),
            ("self_attn.v_proj", keys, hidden, config.QueryKeyValueBias),
            ("self_attn.o_proj", hidden, queries, config.OutputBias),
            ("mlp.gate_proj", config.IntermediateSize, hidden, config.FeedForwardBias),
            ("mlp.up_proj", config.IntermediateSize, hidden, config.FeedForwardBias),
            ("mlp.down_proj", hidden, config.IntermediateSize, config.FeedForwardBias),
        ];
        foreach (var (name, outputs, inputs, bias) in linears)
        {
            yield return ($"{layer}.{name}.weight", [outputs, inputs]);
            if (bias)
            {
                yield return ($"{layer}.{name}.bias", [outputs]);
            }
        }

        if (config.QueryKeyNorm)
        {
            yield return ($"{layer}.self_attn.q_norm.weight", [config.HeadDim]);
            yield return ($"{layer}.self_attn.k_norm.weight", [config.HeadDim]);
        }

        yield return ($"{layer}.post_attention_layernorm.weight", [hidden]);
    }
}
