using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Jigsaw.Checkpoints;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Transforms;

/// <summary>A transform on disk: <c>sgt_config.json</c> says what it is, <c>sgt.safetensors</c> holds its parameters in float32.</summary>
internal static partial class TransformFile
{
    public const string ConfigName = "sgt_config.json";
    public const string WeightsName = "sgt.safetensors";

    private const int Version = 1;

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
            JsonSerializer.Serialize(new Stored(Version, transform.Features, transform.Scale, transform.MedianNorm, StoredConfig.Of(transform.Config)), TransformJson.Default.Stored) + "\n");
    }

    public static StainedGlassTransform Read(string directory, Tensor table, Func<TransformConfig, (double Scale, double MedianNorm), StainedGlassTransform> make)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(table);
        var path = Path.Combine(directory, ConfigName);
        var stored = ReadConfig(path);
        if (stored.Features != table.shape[1])
        {
            throw new CheckpointException(path, $"the transform is for embeddings of {stored.Features} features, the model's have {table.shape[1]}; load it with the model it was trained for.");
        }

        // A table that was cast or quantized differs a little; another one would leave σ in the wrong unit.
        if (table.device.type != TorchSharp.DeviceType.META && TransformFunctions.MedianNorm(table) is var norm && !(Math.Abs(norm - stored.MedianNorm) <= 0.02 * stored.MedianNorm))
        {
            throw new CheckpointException(path, string.Create(CultureInfo.InvariantCulture, $"the transform is for embeddings of the median norm {stored.MedianNorm:G4}, the model's have {norm:G4}; load it with the model it was trained for."));
        }

        StainedGlassTransform transform;
        try
        {
            transform = make(stored.Config.ToConfig(path), (stored.Scale, stored.MedianNorm));
        }
        catch (ArgumentException exception)
        {
            throw new CheckpointException(path, $"it asks for a transform that can't be: {exception.Message}", exception);
        }

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

    /// <summary>A configuration in one line of JSON, as the file has it.</summary>
    public static string Describe(TransformConfig config) => JsonSerializer.Serialize(StoredConfig.Of(config), TransformLineJson.Default.StoredConfig);

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
            stored = JsonSerializer.Deserialize(File.ReadAllText(path), TransformJson.Default.Stored);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, "it can't be read; name the directory that a transform was saved to.", exception);
        }
        catch (JsonException exception)
        {
            throw new CheckpointException(path, $"it is not the JSON of a transform: {exception.Message}", exception);
        }

        if (stored is not { Version: Version })
        {
            throw new CheckpointException(path, $"its version is {stored?.Version}, this library reads version {Version}.");
        }

        if (stored.Config is null)
        {
            throw new CheckpointException(path, "it has no config; it is cut short.");
        }

        Require(path, "scale", stored.Scale, stored.Scale is >= 1e-30 and <= 1e30, "a number in [1e-30, 1e30]");
        Require(path, "median_norm", stored.MedianNorm, stored.MedianNorm is > 0 and <= 1e30, "a number above 0, at most 1e30");
        return stored;
    }

    private static void Require(string path, string name, double value, bool holds, string rule)
    {
        if (!holds)
        {
            throw new CheckpointException(path, string.Create(CultureInfo.InvariantCulture, $"its {name} is {value}, where there must be {rule}; the file is damaged."));
        }
    }

    [JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Stored))]
    private sealed partial class TransformJson : JsonSerializerContext;

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(StoredConfig))]
    private sealed partial class TransformLineJson : JsonSerializerContext;

    /// <summary>Older files hold a seed and a count of samples, too, from which their noise followed: they are not read, and not written again.</summary>
    private sealed record Stored(int Version, long Features, double Scale, double MedianNorm, StoredConfig Config);

    /// <summary>A configuration as the file has it: one level, and the kind of σ as a number.</summary>
    private sealed record StoredConfig
    {
        private const int TanhKind = 0;
        private const int DirectKind = 1;

        private static readonly TanhStd _tanh = new();
        private static readonly DirectStd _direct = new();

        public double StdMin { get; init; } = _tanh.Min;

        public double StdMax { get; init; } = _tanh.Max;

        public int Std { get; init; }

        public double Shallow { get; init; } = _tanh.Shallow;

        public double InitialRho { get; init; } = _tanh.InitialRho;

        public double InitialStd { get; init; } = _direct.InitialStd;

        public double? MeanBound { get; init; }

        public double MeanShift { get; init; }

        public double? Scale { get; init; }

        public int Heads { get; init; } = 4;

        public int FeedForwardRatio { get; init; } = 2;

        public static StoredConfig Of(TransformConfig config)
        {
            var stored = new StoredConfig { StdMin = config.Std.Min, StdMax = config.Std.Max, Scale = config.Scale, Heads = config.Heads, FeedForwardRatio = config.FeedForwardRatio };
            stored = config.Std switch
            {
                TanhStd tanh => stored with { Std = TanhKind, Shallow = tanh.Shallow, InitialRho = tanh.InitialRho },
                DirectStd direct => stored with { Std = DirectKind, InitialStd = direct.InitialStd },
                _ => throw new NotSupportedException($"The file of a transform has no kind for {config.Std.GetType().Name}."),
            };
            return config.Mean is BoundedMean bounded ? stored with { MeanBound = bounded.Bound, MeanShift = bounded.Shift } : stored;
        }

        public TransformConfig ToConfig(string path) => new()
        {
            Std = Std switch
            {
                TanhKind => new TanhStd { Min = StdMin, Max = StdMax, Shallow = Shallow, InitialRho = InitialRho },
                DirectKind => new DirectStd { Min = StdMin, Max = StdMax, InitialStd = InitialStd },
                _ => throw new CheckpointException(path, $"its std is {Std}; supported are {TanhKind} (tanh) and {DirectKind} (direct)."),
            },
            Mean = MeanBound is { } bound ? new BoundedMean { Bound = bound, Shift = MeanShift } : new FreeMean(),
            Scale = Scale,
            Heads = Heads,
            FeedForwardRatio = FeedForwardRatio,
        };
    }
}
