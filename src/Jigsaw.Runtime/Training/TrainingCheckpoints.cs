using System.Globalization;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Models.Lora;
using Jigsaw.Transforms;
using TorchSharp.Modules;

namespace Jigsaw.Training;

/// <summary>The checkpoints of a training in one folder: <c>step-000100</c>, … Each is written under another name and renamed when whole; the last two are kept.</summary>
public sealed class TrainingCheckpoints
{
    private const string Prefix = "step-";
    private const string Unfinished = ".unfinished-";
    private const int Kept = 2;

    /// <summary>Names the folder; it is made with the first checkpoint.</summary>
    public TrainingCheckpoints(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        Directory = Path.GetFullPath(directory);
    }

    /// <summary>The folder.</summary>
    public string Directory { get; }

    /// <summary>The newest checkpoint; null when there is none.</summary>
    public TrainingCheckpoint? Newest() => All().LastOrDefault() is { } newest ? new TrainingCheckpoint(newest) : null;

    internal void Write(int step, TrainingOptions options, RecipeHyperparameters hyperparameters, StainedGlassTransform transform, LoraAdapters adapters, AdamW optimizer)
    {
        System.IO.Directory.CreateDirectory(Directory);
        foreach (var left in System.IO.Directory.EnumerateDirectories(Directory, Unfinished + "*"))
        {
            System.IO.Directory.Delete(left, recursive: true);
        }

        var name = Prefix + step.ToString("D6", CultureInfo.InvariantCulture);
        var unfinished = Path.Combine(Directory, Unfinished + name);
        var finished = Path.Combine(Directory, name);
        TrainingCheckpoint.Write(unfinished, step, options, hyperparameters, transform, adapters, optimizer);
        if (System.IO.Directory.Exists(finished))
        {
            System.IO.Directory.Delete(finished, recursive: true);
        }

        System.IO.Directory.Move(unfinished, finished);
        foreach (var old in All().SkipLast(Kept).ToList())
        {
            System.IO.Directory.Delete(old, recursive: true);
        }
    }

    private IEnumerable<string> All() =>
        System.IO.Directory.Exists(Directory)
            ? System.IO.Directory.EnumerateDirectories(Directory, Prefix + "*").Order(StringComparer.Ordinal)
            : [];
}
