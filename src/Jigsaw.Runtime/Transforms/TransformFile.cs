using System.Globalization;
using Jigsaw.Checkpoints;
using Jigsaw.Tensors;
using Jigsaw.Transforms.Noise;
using static TorchSharp.torch;

namespace Jigsaw.Transforms;

/// <summary>A transform on disk: <c>sgt_config.json</c> says what it is, <c>sgt.safetensors</c> holds its parameters in float32.</summary>
internal static class TransformFile
{
    private const int ProbedRows = 8;

    public static void Write(string directory, StainedGlassTransform transform)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        Directory.CreateDirectory(directory);
        SafetensorsWriter.Write(
            Path.Combine(directory, StoredTransform.WeightsName),
            transform.Parameters.Select(parameter => KeyValuePair.Create<string, Tensor>(parameter.Name, parameter.Value)),
            new Dictionary<string, string> { ["format"] = "pt", ["sgt_version"] = "1" });
        AtomicFile.WriteText(
            Path.Combine(directory, StoredTransform.ConfigName),
            StoredTransform.Of(transform.Config, transform.Features, transform.Scale, transform.MedianNorm).ToJson());
    }

    public static StainedGlassTransform Read(string directory, Tensor table, Func<TransformConfig, (double Scale, double MedianNorm), StainedGlassTransform> make)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(table);
        var path = Path.Combine(directory, StoredTransform.ConfigName);
        var stored = StoredTransform.Read(path);
        if (stored.Features != table.shape[1])
        {
            throw new CheckpointException(path, $"the transform is for embeddings of {stored.Features} features, the model's have {table.shape[1]}; load it with the model it was trained for.");
        }

        // A table that was cast or quantized differs a little; another one would leave σ in the wrong unit.
        if (table.device.type != TorchSharp.DeviceType.META && TransformFunctions.MedianNorm(table) is var norm && !(Math.Abs(norm - stored.MedianNorm) <= 0.02 * stored.MedianNorm))
        {
            throw new CheckpointException(path, string.Create(CultureInfo.InvariantCulture, $"the transform is for embeddings of the median norm {stored.MedianNorm:G4}, the model's have {norm:G4}; load it with the model it was trained for."));
        }

        var config = stored.ToConfig(path);
        var weights = Path.Combine(directory, StoredTransform.WeightsName);
        using (var file = SafetensorsFile.Open(weights))
        {
            TransformShapes.Check(weights, file.Entries, stored.Features, config);
        }

        var transform = make(config, (stored.Scale, stored.MedianNorm));
        try
        {
            ReadParameters(weights, transform);
            RequireFinite(weights, transform, table);
            return transform;
        }
        catch
        {
            transform.Dispose();
            throw;
        }
    }

    /// <summary>Runs the transform on a few embeddings: a damaged number may be finite, and what comes of it not.</summary>
    private static void RequireFinite(string path, StainedGlassTransform transform, Tensor table)
    {
        if (table.device.type == TorchSharp.DeviceType.META)
        {
            return;
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var rows = (int)Math.Min(ProbedRows, table.shape[0]);
        var (means, stds) = transform.Moments(table.narrow(0, 0, rows).unsqueeze(0), Batches.RowMask.FromHost(Enumerable.Repeat(true, rows).ToArray(), 1, rows, table.device));
        if (!double.IsFinite(means.abs().max().ReadDouble()) || !double.IsFinite(stds.max().ReadDouble()) || !(stds.min().ReadDouble() > 0))
        {
            throw new CheckpointException(path, "gives μ or σ that are not finite, or a σ that is not above 0; it is damaged, save the transform again.");
        }
    }

    public static void ReadParameters(string path, StainedGlassTransform transform)
    {
        using var file = SafetensorsFile.Open(path);
        using var noGrad = no_grad();
        TransformShapes.Check(path, file.Entries, transform.Features, transform.Config);
        foreach (var (name, parameter, _) in transform.Parameters)
        {
            using var value = file.Read(name, parameter.device, ScalarType.Float32);
            parameter.copy_(value);
        }
    }
}
