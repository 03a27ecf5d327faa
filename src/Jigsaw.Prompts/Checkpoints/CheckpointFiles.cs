using System.Text.Json;

namespace Jigsaw.Checkpoints;

/// <summary>Which files of a checkpoint directory hold its weights: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> names.</summary>
internal sealed class CheckpointFiles
{
    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    private CheckpointFiles(string directory, IReadOnlyList<string> weights, IReadOnlyDictionary<string, string>? index)
    {
        Directory = directory;
        Weights = weights;
        Index = index;
    }

    /// <summary>The directory.</summary>
    public string Directory { get; }

    /// <summary>The full paths of the safetensors files.</summary>
    public IReadOnlyList<string> Weights { get; }

    /// <summary>Which file name holds which tensor, as the index says; null when there is one file.</summary>
    public IReadOnlyDictionary<string, string>? Index { get; }

    /// <summary>Finds the weights of a checkpoint directory. Names in the index that lead out of the directory are refused.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="CheckpointException">It is no directory, holds no safetensors, or its index is not one.</exception>
    public static CheckpointFiles Find(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        if (!System.IO.Directory.Exists(directory))
        {
            throw new CheckpointException(directory, "is not a directory; name the directory of a Hugging Face checkpoint, with config.json and model.safetensors in it.");
        }

        var single = Path.Combine(directory, SingleName);
        if (File.Exists(single))
        {
            return new CheckpointFiles(directory, [single], null);
        }

        var indexPath = Path.Combine(directory, IndexName);
        if (!File.Exists(indexPath))
        {
            throw new CheckpointException(directory, $"holds neither {SingleName} nor {IndexName}, so it is no checkpoint that Jigsaw reads; weights in another format (pytorch_model.bin, GGUF) must be converted to safetensors first.");
        }

        var index = ReadIndex(indexPath);
        var weights = index.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(name => Path.Combine(directory, name)).ToArray();
        return new CheckpointFiles(directory, weights, index);
    }

    private static Dictionary<string, string> ReadIndex(string path) => JsonFile.Read(path, root => ReadIndex(path, root));

    private static Dictionary<string, string> ReadIndex(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
        {
            throw new CheckpointException(path, "has no 'weight_map' object, so it does not say which file holds which tensor; fetch it again.");
        }

        var index = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in map.EnumerateObject())
        {
            var file = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : string.Empty;
            if (!IsPlainName(file))
            {
                throw new CheckpointException(path, $"puts the tensor '{property.Name}' into '{file}', which is not the plain name of a .safetensors file beside it; such a path is not opened.");
            }

            if (!index.TryAdd(property.Name, file))
            {
                throw new CheckpointException(path, $"names the tensor '{property.Name}' twice; fetch it again.");
            }
        }

        return index;
    }

    private static bool IsPlainName(string file) =>
        file.EndsWith(".safetensors", StringComparison.Ordinal)
        && !file.StartsWith('.')
        && file.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
