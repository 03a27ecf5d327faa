using System.Globalization;
using System.Text.Json;
using Jigsaw.Checkpoints;

namespace Jigsaw.Transforms;

/// <summary>
/// A transform on disk: <c>sgt_config.json</c>, of which this is the content, says what it is, and <c>sgt.safetensors</c> holds its parameters in float32.
/// Older files hold a seed and a count of samples, too, from which their noise followed: they are not read, and not written again.
/// </summary>
/// <param name="Version">Of the format.</param>
/// <param name="Features">Features of an embedding.</param>
/// <param name="Scale">The unit of input, heads and standard deviations.</param>
/// <param name="MedianNorm">The median L2 norm of the embedding table's rows.</param>
/// <param name="Config">The configuration.</param>
internal sealed record StoredTransform(int Version, long Features, double Scale, double MedianNorm, StoredTransformConfig? Config)
{
    public const string ConfigName = "sgt_config.json";
    public const string WeightsName = "sgt.safetensors";

    private const int SupportedVersion = 1;
    private const long MostFeatures = 1 << 20;
    private const long MostBytes = 1 << 20;

    /// <summary>What a file says of a transform.</summary>
    public static StoredTransform Of(TransformConfig config, long features, double scale, double medianNorm) =>
        new(SupportedVersion, features, scale, medianNorm, StoredTransformConfig.Of(config));

    /// <summary>The text of the file.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StoredTransformJson.Default.StoredTransform) + "\n";

    /// <summary>A configuration in one line of JSON, as the file has it.</summary>
    public static string Describe(TransformConfig config) => JsonSerializer.Serialize(StoredTransformConfig.Of(config), StoredTransformJson.Line.StoredTransformConfig);

    /// <summary>Reads a file.</summary>
    /// <exception cref="CheckpointException">It is not there, or not the file of a transform.</exception>
    public static StoredTransform Read(string path)
    {
        StoredTransform? stored;
        try
        {
            using var stream = RegularFile.OpenRead(path);
            if (stream.Length > MostBytes)
            {
                throw new CheckpointException(path, $"it is {stream.Length} bytes long, more than the {MostBytes} that the JSON of a transform may have; name the directory that a transform was saved to.");
            }

            stored = JsonSerializer.Deserialize(stream, StoredTransformJson.Default.StoredTransform);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, exception is NotAFileException ? $"it {RegularFile.Problem(exception)}" : "it can't be read; name the directory that a transform was saved to.", exception);
        }
        catch (JsonException exception)
        {
            throw new CheckpointException(path, $"it is not the JSON of a transform (line {(exception.LineNumber ?? 0) + 1}, field '{exception.Path}'); save the transform again.", exception);
        }

        if (stored is not { Version: SupportedVersion })
        {
            throw new CheckpointException(path, $"its version is {stored?.Version.ToString(CultureInfo.InvariantCulture) ?? "missing"}, this library reads version {SupportedVersion}.");
        }

        if (stored.Config is null)
        {
            throw new CheckpointException(path, "it has no config; it is cut short.");
        }

        Require(path, "features", stored.Features, stored.Features is >= 1 and <= MostFeatures, $"a number from 1 to {MostFeatures}");
        Require(path, "scale", stored.Scale, stored.Scale is >= 1e-30 and <= 1e30, "a number in [1e-30, 1e30]");
        Require(path, "median_norm", stored.MedianNorm, stored.MedianNorm is > 0 and <= 1e30, "a number above 0, at most 1e30");
        return stored;
    }

    /// <summary>The configuration, checked.</summary>
    /// <exception cref="CheckpointException">A number of it is out of its range.</exception>
    public TransformConfig ToConfig(string path)
    {
        try
        {
            var config = Config!.ToConfig(path);
            config.Validate(Features);
            return config;
        }
        catch (ArgumentException exception)
        {
            throw new CheckpointException(path, $"it asks for a transform that can't be: {ArgumentSentence.Of(exception)}", exception);
        }
    }

    private static void Require(string path, string name, double value, bool holds, string rule)
    {
        if (!holds)
        {
            throw new CheckpointException(path, string.Create(CultureInfo.InvariantCulture, $"its {name} is {value}, where there must be {rule}; the file is damaged."));
        }
    }
}
