using System.Text.Json;
using Jigsaw.Checkpoints;
using static TorchSharp.torch;

namespace Jigsaw.Transforms;

/// <summary>A transform on disk: <c>sgt_config.json</c> says what it is, <c>sgt.safetensors</c> holds its parameters in float32.</summary>
internal static class TransformFile
{
    public const string ConfigName = "sgt_config.json";
    public const string WeightsName = "sgt.safetensors";

    private const int Version = 1;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static void Write(string directory, StainedGlassTransform transform)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        Directory.CreateDirectory(directory);
        SafetensorsWriter.Write(
            Path.Combine(directory, WeightsName),
            transform.Parameters.Select(parameter => KeyValuePair.Create<string, Tensor>(parameter.Name, parameter.Value)),
            new Dictionary<string, string> { ["format"] = "pt", ["sgt_version"] = "1" });
        AtomicFile.WriteText(
            Path.Combine(directory, ConfigName),
            JsonSerializer.Serialize(new Stored(Version, transform.Features, transform.Scale, transform.MedianNorm, transform.Seed, transform.Samples, transform.Config), Json) + "\n");
    }

    public static StainedGlassTransform Read(string directory, Tensor table, Func<TransformConfig, long, (double Scale, double MedianNorm), StainedGlassTransform> make)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(table);
        var path = Path.Combine(directory, ConfigName);
        var stored = ReadConfig(path);
        if (stored.Features != table.shape[1])
        {
            throw new CheckpointException(path, $"the transform is for embeddings of {stored.Features} features, the model's have {table.shape[1]}; load it with the model it was trained for.");
        }

        var transform = make(stored.Config, stored.Seed, (stored.Scale, stored.MedianNorm));
        transform.Samples = stored.Samples;
        try
        {
            ReadParameters(Path.Combine(directory, WeightsName), transform);
            return transform;
        }
        catch
        {
            transform.Dispose();
            throw;
        }
    }

    public static void ReadParameters(string path, StainedGlassTransform transform)
    {
        using var file = SafetensorsFile.Open(path);
        using var noGrad = no_grad();
        foreach (var (name, parameter, _) in transform.Parameters)
        {
            if (!file.Entries.TryGetValue(name, out var entry))
            {
                throw new CheckpointException(path, $"the tensor '{name}' is missing; the file is not a transform of this version.");
            }

            if (!entry.Shape.SequenceEqual(parameter.shape))
            {
                throw new CheckpointException(path, $"the tensor '{name}' has the shape ({string.Join(", ", entry.Shape)}), the transform needs ({string.Join(", ", parameter.shape)}).");
            }

            using var value = file.Read(name, parameter.device, ScalarType.Float32);
            parameter.copy_(value);
        }
    }

    private static Stored ReadConfig(string path)
    {
        Stored? stored;
        try
        {
            stored = JsonSerializer.Deserialize<Stored>(File.ReadAllText(path), Json);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, "it can't be read; name the directory that a transform was saved to.", exception);
        }
        catch (JsonException exception)
        {
            throw new CheckpointException(path, $"it is not the JSON of a transform: {exception.Message}", exception);
        }

        if (stored is not { Config: not null, Version: Version })
        {
            throw new CheckpointException(path, $"its version is {stored?.Version}, this library reads version {Version}.");
        }

        return stored;
    }

    private sealed record Stored(int Version, long Features, double Scale, double MedianNorm, long Seed, long Samples, TransformConfig Config);
}
