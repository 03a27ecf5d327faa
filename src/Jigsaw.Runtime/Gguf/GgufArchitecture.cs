using Jigsaw.Models.Configuration;

namespace Jigsaw.Gguf;

/// <summary>What llama.cpp calls a model, its numbers and its tensors.</summary>
/// <remarks>Names: llama.cpp's gguf-py and convert_hf_to_gguf.</remarks>
internal sealed class GgufArchitecture
{
    private const string Llama = "llama";

    private static readonly Dictionary<string, string> _modules = new(StringComparer.Ordinal)
    {
        ["input_layernorm"] = "attn_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.o_proj"] = "attn_output",
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
        ["post_attention_layernorm"] = "ffn_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
    };

    private readonly CausalLMConfig _config;

    /// <exception cref="NotSupportedException">llama.cpp would compute something else for this configuration.</exception>
    public GgufArchitecture(CausalLMConfig config)
    {
        _config = config;
        Name = config.ModelType switch
        {
            "llama" or "mistral" => Llama,
            "qwen2" or "qwen3" => config.ModelType,
            var other => throw new NotSupportedException($"A model of the type '{other}' can't be written as GGUF; llama, mistral, qwen2 and qwen3 can."),
        };
        RefuseWhatDiffers();
    }

    /// <summary>llama.cpp's name of the architecture.</summary>
    public string Name { get; }

    /// <summary>The context that the model's numbers are right for: its largest position, and no more than a sliding window, since llama.cpp's classes of these families see all.</summary>
    public int ContextLength => _config.Windows.Append(null).Min() is { } window && (_config.MaxPositions == 0 || window < _config.MaxPositions) ? window : Math.Max(_config.MaxPositions, 1);

    /// <summary>What frequencies are divided by, for Llama 3's scaling; null without it.</summary>
    public float[]? RopeFactors
    {
        get
        {
            if (_config.Rope.Kind != RopeKind.Llama3)
            {
                return null;
            }

            var plain = (_config.Rope with { Kind = RopeKind.Default }).Frequencies(_config.HeadDim);
            return [.. plain.Zip(_config.Rope.Frequencies(_config.HeadDim), (whole, scaled) => whole / scaled)];
        }
    }

    /// <summary>Adds the model's numbers.</summary>
    public void AddTo(GgufMetadata metadata)
    {
        metadata.Add($"{Name}.block_count", _config.LayerCount);
        metadata.Add($"{Name}.context_length", ContextLength);
        metadata.Add($"{Name}.embedding_length", _config.HiddenSize);
        metadata.Add($"{Name}.feed_forward_length", _config.IntermediateSize);
        metadata.Add($"{Name}.attention.head_count", _config.HeadCount);
        metadata.Add($"{Name}.attention.head_count_kv", _config.KeyValueHeadCount);
        metadata.Add($"{Name}.attention.key_length", _config.HeadDim);
        metadata.Add($"{Name}.attention.value_length", _config.HeadDim);
        metadata.Add($"{Name}.attention.layer_norm_rms_epsilon", _config.NormEps);
        metadata.Add($"{Name}.vocab_size", _config.VocabularySize);
        metadata.Add($"{Name}.rope.dimension_count", _config.HeadDim);
        metadata.Add($"{Name}.rope.freq_base", _config.Rope.Theta);
        if (_config.Rope.Kind is RopeKind.Linear or RopeKind.Yarn)
        {
            metadata.Add($"{Name}.rope.scaling.type", _config.RopeType);
            metadata.Add($"{Name}.rope.scaling.factor", _config.Rope.Factor);
        }

        if (_config.Rope.Kind == RopeKind.Yarn)
        {
            metadata.Add($"{Name}.rope.scaling.original_context_length", _config.Rope.OriginalMaxPositions);
        }
    }

    /// <summary>llama.cpp's name of a tensor.</summary>
    /// <param name="name">Its name in the checkpoint, such as <c>model.layers.0.self_attn.q_proj.weight</c>.</param>
    public static string NameOf(string name)
    {
        var dot = name.LastIndexOf('.');
        var (module, kind) = (name[..dot], name[dot..]);
        return module switch
        {
            "model.embed_tokens" => "token_embd" + kind,
            "model.norm" => "output_norm" + kind,
            "lm_head" => "output" + kind,
            _ when module.Split('.', 4) is ["model", "layers", var layer, var part] => $"blk.{layer}.{_modules[part]}{kind}",
            _ => throw new ArgumentException($"llama.cpp has no name for the tensor '{name}'.", nameof(name)),
        };
    }

    /// <summary>The heads whose rows have to change places, since llama.cpp's Llama turns neighboring features and transformers features half a head apart; null where nothing changes.</summary>
    /// <param name="module">The linear map's name in the checkpoint.</param>
    public int? HeadsToInterleave(string module) =>
        Name != Llama ? null
        : module.EndsWith(".self_attn.q_proj", StringComparison.Ordinal) ? _config.HeadCount
        : module.EndsWith(".self_attn.k_proj", StringComparison.Ordinal) ? _config.KeyValueHeadCount
        : null;

    private void RefuseWhatDiffers()
    {
        var rope = _config.Rope;
        if (rope.Kind == RopeKind.Llama3 && Name != Llama)
        {
            throw new NotSupportedException($"The model has the rope kind 'llama3', which llama.cpp's {Name} doesn't read; serve it by a merged checkpoint instead.");
        }

        if (rope.Kind == RopeKind.Yarn && (rope is not { BetaFast: 32, BetaSlow: 1, Truncate: true } || Math.Abs(rope.AttentionFactor - (1 + (0.1 * Math.Log(rope.Factor)))) > 1e-6))
        {
            throw new NotSupportedException("The model has the rope kind 'yarn' with numbers other than the defaults, which GGUF has no keys for; serve it by a merged checkpoint instead.");
        }

        if (Name != Llama && (_config.OutputBias || _config.FeedForwardBias || (Name == "qwen3" && _config.QueryKeyValueBias)))
        {
            throw new NotSupportedException($"The model has biases that llama.cpp's {Name} doesn't read; serve it by a merged checkpoint instead.");
        }
    }
}
