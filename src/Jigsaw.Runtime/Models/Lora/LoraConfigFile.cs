using System.Text.Encodings.Web;
using System.Text.Json;
using Jigsaw.Checkpoints;

namespace Jigsaw.Models.Lora;

/// <summary>Reads and writes PEFT's adapter_config.json. A field that Jigsaw doesn't know must be off; otherwise it is an error that names it.</summary>
internal static class LoraConfigFile
{
    public const string ConfigName = "adapter_config.json";
    public const string WeightsName = "adapter_model.safetensors";

    private const string WithoutIt = "train or convert the adapter without it.";

    private static readonly HashSet<string> _read = new(StringComparer.Ordinal)
    {
        "peft_type", "r", "lora_alpha", "use_rslora", "lora_dropout", "target_modules", "exclude_modules", "layers_to_transform",
        "layers_pattern", "rank_pattern", "alpha_pattern", "base_model_name_or_path", "bias", "init_lora_weights",
    };

    // Fields that don't affect the mathematics of a finished adapter.
    private static readonly HashSet<string> _neutral = new(StringComparer.Ordinal)
    {
        "task_type", "inference_mode", "revision", "auto_mapping", "peft_version", "megatron_core", "qalora_group_size", "ensure_weight_tying",
    };

    // Initializations that leave the base unchanged. Others (pissa, olora, corda, loftq) move a part of it into the adapter.
    private static readonly string[] _plainInitializations = ["gaussian", "eva", "orthogonal"];

    public static LoraConfig Read(string directory)
    {
        if (!Directory.Exists(directory))
        {
            throw new CheckpointException(directory, $"is not a directory; name the directory of a PEFT adapter, with {ConfigName} and {WeightsName} in it.");
        }

        var path = Path.Combine(directory, ConfigName);
        return JsonFile.Read(path, root => Read(path, new JsonFields(path, root)));
    }

    private static LoraConfig Read(string path, JsonFields fields)
    {
        RejectUnsupported(path, fields);
        var target = fields.Find("target_modules") ?? throw new CheckpointException(path, "names no target_modules, so it is unknown which modules have adapters; add them to it.");
        var targetPattern = target.ValueKind == JsonValueKind.String && target.GetString() != LoraConfig.AllLinear ? target.GetString() : null;
        var excludePattern = fields.Find("exclude_modules") is { ValueKind: JsonValueKind.String } pattern ? pattern.GetString() : null;
        return new LoraConfig
        {
            Rank = fields.Count("r") ?? 8,
            Alpha = fields.Number("lora_alpha") ?? 8,
            RankStabilized = fields.Flag("use_rslora") ?? false,
            Dropout = fields.Number("lora_dropout") ?? 0,
            TargetPattern = targetPattern,
            TargetModules = target.ValueKind == JsonValueKind.String ? [LoraConfig.AllLinear] : fields.Texts("target_modules")!,
            ExcludePattern = excludePattern,
            ExcludeModules = excludePattern is null ? fields.Texts("exclude_modules") ?? [] : [],
            LayersToTransform = fields.Has("layers_to_transform") ? fields.Integers("layers_to_transform") : null,
            LayersPattern = fields.Find("layers_pattern") is { ValueKind: JsonValueKind.String } layers ? [layers.GetString()!] : fields.Texts("layers_pattern") ?? [],
            RankPattern = Pattern(fields, "rank_pattern", (inner, key) => inner.Count(key) ?? throw inner.Wrong(key, "a rank")),
            AlphaPattern = Pattern(fields, "alpha_pattern", (inner, key) => inner.Number(key) ?? throw inner.Wrong(key, "a number")),
            BaseModel = fields.Text("base_model_name_or_path"),
        };
    }

    public static void Write(string directory, LoraConfig config, IEnumerable<string> modules)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WritePattern(json, "alpha_pattern", config.AlphaPattern);
            json.WriteString("base_model_name_or_path", config.BaseModel);
            json.WriteString("bias", "none");
            WriteTextOrTexts(json, "exclude_modules", config.ExcludePattern, config.ExcludeModules);
            json.WriteBoolean("fan_in_fan_out", false);
            json.WriteBoolean("inference_mode", true);
            json.WriteBoolean("init_lora_weights", true);
            WriteTextOrTexts(json, "layers_pattern", null, config.LayersPattern);
            WriteLayers(json, config.LayersToTransform);
            json.WriteNumber("lora_alpha", config.Alpha);
            json.WriteNumber("lora_dropout", config.Dropout);
            json.WriteNull("modules_to_save");
            json.WriteString("peft_type", "LORA");
            json.WriteNumber("r", config.Rank);
            WritePattern(json, "rank_pattern", config.RankPattern);
            WriteTextOrTexts(json, "target_modules", config.TargetPattern, Expanded(config, modules));
            json.WriteString("task_type", "CAUSAL_LM");
            json.WriteBoolean("use_dora", false);
            json.WriteBoolean("use_rslora", config.RankStabilized);
            json.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        AtomicFile.Write(Path.Combine(directory, ConfigName), stream => buffer.WriteTo(stream));
    }

    private static void RejectUnsupported(string path, JsonFields fields)
    {
        if (fields.Text("peft_type") is not "LORA")
        {
            throw new CheckpointException(path, $"is an adapter of the peft_type '{fields.Text("peft_type")}'; only LORA is supported.");
        }

        if (fields.Text("bias") is not (null or "none"))
        {
            throw fields.Unsupported("bias", "it trains the base's own biases, so the teacher would not be the base; " + WithoutIt);
        }

        if (fields.Find("modules_to_save") is { } saved && !IsOff(saved))
        {
            throw fields.Unsupported("modules_to_save", "it replaces whole modules of the base, so the teacher would not be the base; " + WithoutIt);
        }

        if (fields.Find("init_lora_weights") is { ValueKind: JsonValueKind.String } init && !_plainInitializations.Contains(init.GetString()))
        {
            throw fields.Unsupported("init_lora_weights", "it moves a part of the base into the adapter; convert the adapter to plain LoRA (PEFT: path_initial_model_for_weight_conversion).");
        }

        foreach (var name in fields.Names)
        {
            if (!_read.Contains(name) && !_neutral.Contains(name) && fields.Find(name) is { } value && !IsOff(value))
            {
                throw fields.Unsupported(name, WithoutIt);
            }
        }
    }

    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };

    private static Dictionary<string, T> Pattern<T>(JsonFields fields, string name, Func<JsonFields, string, T> read)
    {
        var pattern = new Dictionary<string, T>(StringComparer.Ordinal);
        if (fields.Object(name) is { } inner)
        {
            foreach (var key in inner.Names)
            {
                pattern[key] = read(inner, key);
            }
        }

        return pattern;
    }

    /// <summary>all-linear as PEFT saves it: as the names that it stands for.</summary>
    private static IReadOnlyList<string> Expanded(LoraConfig config, IEnumerable<string> modules) =>
        config.TargetModules is [LoraConfig.AllLinear]
            ? [.. modules.Select(module => module[(module.LastIndexOf('.') + 1)..]).Distinct().Order(StringComparer.Ordinal)]
            : config.TargetModules;

    private static void WritePattern<T>(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, T> pattern)
        where T : struct, IConvertible
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in pattern)
        {
            json.WriteNumber(key, value.ToDouble(null));
        }

        json.WriteEndObject();
    }

    private static void WriteTextOrTexts(Utf8JsonWriter json, string name, string? text, IReadOnlyList<string> texts)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
        else if (texts.Count == 0)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteStartArray(name);
            foreach (var item in texts)
            {
                json.WriteStringValue(item);
            }

            json.WriteEndArray();
        }
    }

    private static void WriteLayers(Utf8JsonWriter json, IReadOnlyList<int>? layers)
    {
        if (layers is null)
        {
            json.WriteNull("layers_to_transform");
            return;
        }

        json.WriteStartArray("layers_to_transform");
        foreach (var layer in layers)
        {
            json.WriteNumberValue(layer);
        }

        json.WriteEndArray();
    }
}
