using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Jigsaw.Checkpoints;

/// <summary>Writes checkpoint directories that transformers loads.</summary>
internal static class CheckpointWriter
{
    private static readonly string[] _descriptions =
    [
        "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.json", "merges.txt", "tokenizer.model", "chat_template.jinja",
    ];

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the weights: one file, or shards with an index when one would be larger than asked for.</summary>
    public static void Write(string directory, IEnumerable<CheckpointTensor> tensors, long? shardBytes)
    {
        var all = tensors.ToArray();
        var shards = Shards(all, shardBytes ?? long.MaxValue);
        if (shards.Count == 1)
        {
            SafetensorsWriter.Write(Path.Combine(directory, "model.safetensors"), shards[0], SafetensorsWriter.TorchMetadata);
            return;
        }

        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < shards.Count; i++)
        {
            var name = $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";
            SafetensorsWriter.Write(Path.Combine(directory, name), shards[i], SafetensorsWriter.TorchMetadata);
            shards[i].ForEach(tensor => map.Add(tensor.Name, name));
        }

        var index = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["total_parameters"] = all.Sum(tensor => tensor.Shape.Aggregate(1L, (count, size) => count * size)),
                ["total_size"] = all.Sum(SafetensorsWriter.ByteCount),
            },
            ["weight_map"] = new JsonObject(map.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)JsonValue.Create(entry.Value)))),
        };
        AtomicFile.WriteText(Path.Combine(directory, "model.safetensors.index.json"), index.ToJsonString(_indented) + "\n");
    }

    /// <summary>Copies config.json with the type that was written, and the files of tokenizer and generation as they are.</summary>
    public static void CopyDescription(string from, string to, ScalarType dtype)
    {
        var path = Path.Combine(from, "config.json");
        var config = JsonFile.Read(path, root => JsonObject.Create(root.Clone())) ?? throw new CheckpointException(path, "does not hold a JSON object; fetch it again.");
        var name = dtype switch
        {
            ScalarType.BFloat16 => "bfloat16",
            ScalarType.Float16 => "float16",
            ScalarType.Float64 => "float64",
            _ => "float32",
        };
        config[config.ContainsKey("torch_dtype") ? "torch_dtype" : "dtype"] = name;

        AtomicFile.WriteText(Path.Combine(to, "config.json"), config.ToJsonString(_indented) + "\n");
        foreach (var file in _descriptions.Where(file => File.Exists(Path.Combine(from, file))))
        {
            using var source = File.OpenRead(Path.Combine(from, file));
            AtomicFile.Write(Path.Combine(to, file), source.CopyTo);
        }
    }

    private static List<List<CheckpointTensor>> Shards(CheckpointTensor[] tensors, long shardBytes)
    {
        var shards = new List<List<CheckpointTensor>> { new() };
        long size = 0;
        foreach (var tensor in tensors)
        {
            var bytes = SafetensorsWriter.ByteCount(tensor);
            if (shards[^1].Count > 0 && size + bytes > shardBytes)
            {
                shards.Add([]);
                size = 0;
            }

            shards[^1].Add(tensor);
            size += bytes;
        }

        return shards;
    }
}
