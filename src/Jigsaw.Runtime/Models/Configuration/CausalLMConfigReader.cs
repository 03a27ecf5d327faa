using System.Text.Json;
using Jigsaw.Checkpoints;
using Jigsaw.Models.Families;

namespace Jigsaw.Models.Configuration;

/// <summary>Reads config.json: each family's defaults, the two styles of transformers, and errors for what would be computed incorrectly.</summary>
internal static class CausalLMConfigReader
{
    private const int MaximumLayers = 4096;
    private const string OtherModel = "use a checkpoint without it.";

    // Fields that make models of these and neighboring families compute something else. Null, false, 0 or an empty value switch them off.
    private static readonly string[] _switchedOff =
    [
        "quantization_config", "num_experts", "num_local_experts", "n_routed_experts", "moe_intermediate_size", "kv_lora_rank", "q_lora_rank",
        "attn_logit_softcapping", "final_logit_softcapping", "query_pre_attn_scalar", "attention_chunk_size", "no_rope_layers",
        "no_rope_layer_interval", "clip_qkv", "alibi", "use_alibi", "use_qk_norm", "qk_layernorm", "qk_norm", "parallel_attn", "use_parallel_residual",
        "num_nextn_predict_layers", "rope_local_base_freq", "attn_temperature_tuning", "add_cross_attention", "is_encoder_decoder", "vision_config",
        "cross_attention_layers", "num_kv_shared_layers",
    ];

    // Factors that are 1 where they change nothing.
    private static readonly string[] _factorsOfOne =
        ["partial_rotary_factor", "embedding_multiplier", "residual_multiplier", "logits_scaling", "logit_scale", "scale_emb", "scale_depth", "rotary_pct"];

    public static CausalLMConfig Read(string path, JsonElement root)
    {
        var fields = new JsonFields(path, root);
        var type = fields.Text("model_type") ?? throw new CheckpointException(path, "has no field 'model_type'; it is not the config.json of a Hugging Face model.");
        var family = ModelFamily.All.FirstOrDefault(known => known.Name == type)
            ?? throw new CheckpointException(path, $"is of the model_type '{type}'; supported are {string.Join(", ", ModelFamily.All.Select(known => known.Name))}.");
        RejectUnsupported(fields, family);
        var hiddenSize = fields.RequiredCount("hidden_size");
        var layerCount = fields.RequiredCount("num_hidden_layers");
        if (layerCount > MaximumLayers)
        {
            throw fields.Wrong("num_hidden_layers", $"at most {MaximumLayers}");
        }

        var headCount = fields.RequiredCount("num_attention_heads");
        var keyValueHeads = fields.Count("num_key_value_heads") ?? (fields.IsNull("num_key_value_heads") ? headCount : family.DefaultKeyValueHeadCount ?? headCount);
        if (headCount % keyValueHeads != 0)
        {
            throw new CheckpointException(path, $"has num_attention_heads = {headCount}, not a multiple of num_key_value_heads = {keyValueHeads}; its config.json is damaged.");
        }

        var attentionBias = fields.Flag("attention_bias") ?? false;
        var maxPositions = fields.Count("max_position_embeddings") ?? 0;
        return new CausalLMConfig
        {
            ModelType = family.Name,
            VocabularySize = fields.RequiredCount("vocab_size"),
            HiddenSize = hiddenSize,
            IntermediateSize = fields.RequiredCount("intermediate_size"),
            LayerCount = layerCount,
            HeadCount = headCount,
            KeyValueHeadCount = keyValueHeads,
            HeadDim = HeadDim(path, fields, family, hiddenSize, headCount),
            NormEps = fields.Number("rms_norm_eps") ?? 1e-6,
            Rope = Rope(path, fields, maxPositions),
            TiedHead = fields.Flag("tie_word_embeddings") ?? false,
            QueryKeyValueBias = family.AlwaysQueryKeyValueBias || attentionBias,
            OutputBias = family.ReadsAttentionBias && attentionBias,
            FeedForwardBias = family.ReadsFeedForwardBias && (fields.Flag("mlp_bias") ?? false),
            QueryKeyNorm = family.QueryKeyNorm,
            Windows = Windows(path, fields, family, layerCount),
            MaxPositions = maxPositions,
            DType = fields.Text("dtype") ?? fields.Text("torch_dtype"),
            EndTokens = fields.Integers("eos_token_id"),
        };
    }

    private static void RejectUnsupported(JsonFields fields, ModelFamily family)
    {
        if (fields.Text("hidden_act") is { } activation && activation is not ("silu" or "swish"))
        {
            throw fields.Unsupported("hidden_act", "only silu is.");
        }

        foreach (var name in _switchedOff)
        {
            if (fields.Find(name) is { } value && !IsOff(value))
            {
                throw fields.Unsupported(name, OtherModel);
            }
        }

        foreach (var name in _factorsOfOne)
        {
            if (fields.Has(name) && fields.Number(name) != 1)
            {
                throw fields.Unsupported(name, OtherModel);
            }
        }

        if (!family.ReadsAttentionBias && fields.Flag("attention_bias") == true)
        {
            throw fields.Unsupported("attention_bias", "transformers ignores it for this family, so its meaning is unclear.");
        }

        if (!family.ReadsFeedForwardBias && fields.Flag("mlp_bias") == true)
        {
            throw fields.Unsupported("mlp_bias", "transformers ignores it for this family, so its meaning is unclear.");
        }
    }

    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Number => value.TryGetDouble(out var number) && number == 0,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };

    private static int HeadDim(string path, JsonFields fields, ModelFamily family, int hiddenSize, int headCount)
    {
        var headDim = fields.Count("head_dim") ?? family.DefaultHeadDim ?? hiddenSize / headCount;
        return headDim % 2 == 0
            ? headDim
            : throw new CheckpointException(path, $"gives heads of {headDim} features; rotary embeddings need an even number.");
    }

    private static int?[] Windows(string path, JsonFields fields, ModelFamily family, int layerCount)
    {
        var windows = new int?[layerCount];
        var window = family.DefaultFirstWindowLayer is not null && fields.Flag("use_sliding_window") != true ? null : fields.Count("sliding_window");
        if (fields.Texts("layer_types") is { } types)
        {
            if (types.Count != layerCount)
            {
                throw fields.Wrong("layer_types", $"one text for each of {layerCount} layers");
            }

            for (var i = 0; i < layerCount; i++)
            {
                windows[i] = types[i] switch
                {
                    "full_attention" => null,
                    "sliding_attention" => window ?? throw new CheckpointException(path, $"has the layer type sliding_attention for layer {i}, but no sliding window in use; its config.json is damaged."),
                    _ => throw fields.Unsupported("layer_types", "only full_attention and sliding_attention are."),
                };
            }
        }
        else if (!family.ReadsSlidingWindow && window is not null)
        {
            throw fields.Unsupported("sliding_window", "transformers ignores it for this family, so its meaning is unclear.");
        }
        else if (window is not null)
        {
            var first = family.DefaultFirstWindowLayer is { } otherwise ? fields.Integer("max_window_layers") ?? otherwise : 0;
            for (var i = Math.Max(first, 0); i < layerCount; i++)
            {
                windows[i] = window;
            }
        }

        return windows;
    }

    private static RopeConfig Rope(string path, JsonFields fields, int maxPositions)
    {
        // transformers 5 gives an old rope_scaling precedence over rope_parameters if both are present.
        var rope = fields.Object("rope_scaling") ?? fields.Object("rope_parameters");
        var theta = rope?.Number("rope_theta") ?? fields.Number("rope_theta") ?? 10_000;
        if (theta <= 0)
        {
            throw new CheckpointException(path, $"has rope_theta = {theta}, which must be positive.");
        }

        var kind = rope?.Text("rope_type") ?? rope?.Text("type") ?? "default";
        if (rope is null || kind == "default")
        {
            return new RopeConfig { Theta = theta };
        }

        if (rope.Has("partial_rotary_factor") && rope.Number("partial_rotary_factor") != 1)
        {
            throw rope.Unsupported("partial_rotary_factor", OtherModel);
        }

        var factor = rope.Number("factor") is { } number and > 0
            ? number
            : throw new CheckpointException(path, $"has the rope kind '{kind}' without a positive 'factor'; its config.json is damaged.");
        var original = rope.Count("original_max_position_embeddings") ?? fields.Count("original_max_position_embeddings") ?? maxPositions;
        if (kind != "linear" && original == 0)
        {
            throw new CheckpointException(path, $"has the rope kind '{kind}' without 'original_max_position_embeddings'; its config.json is damaged.");
        }

        return kind switch
        {
            "linear" => new RopeConfig { Kind = RopeKind.Linear, Theta = theta, Factor = factor },
            "llama3" => new RopeConfig
            {
                Kind = RopeKind.Llama3,
                Theta = theta,
                Factor = factor,
                OriginalMaxPositions = original,
                LowFrequencyFactor = Needed(path, rope, "low_freq_factor"),
                HighFrequencyFactor = Needed(path, rope, "high_freq_factor"),
            },
            "yarn" => new RopeConfig
            {
                Kind = RopeKind.Yarn,
                Theta = theta,
                Factor = factor,
                OriginalMaxPositions = original,
                BetaFast = rope.Number("beta_fast") ?? 32,
                BetaSlow = rope.Number("beta_slow") ?? 1,
                Truncate = rope.Flag("truncate") ?? true,
                AttentionFactor = rope.Number("attention_factor") ?? YarnAttentionFactor(factor, rope.Number("mscale"), rope.Number("mscale_all_dim")),
            },
            _ => throw new CheckpointException(path, $"has the rope kind '{kind}'; supported are default, linear, llama3 and yarn."),
        };
    }

    private static double Needed(string path, JsonFields rope, string name) =>
        rope.Number(name) ?? throw new CheckpointException(path, $"has the rope kind 'llama3' without '{name}'; its config.json is damaged.");

    private static double YarnAttentionFactor(double factor, double? scale, double? scaleAllDimensions)
    {
        double Of(double multiplier) => factor <= 1 ? 1 : (0.1 * multiplier * Math.Log(factor)) + 1;
        return scale is { } first and not 0 && scaleAllDimensions is { } second and not 0 ? Of(first) / Of(second) : Of(1);
    }
}
