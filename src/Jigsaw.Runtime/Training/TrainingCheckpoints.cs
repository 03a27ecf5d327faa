using System.Globalization;

namespace Jigsaw.Training;

/// <summary>The checkpoints of a training run in one folder: <c>step-000100</c>, … Each is written under a temporary name and renamed when complete; the last two are kept.</summary>
internal sealed class TrainingCheckpoints
{
    private const string Prefix = "step-";
    private const string Unfinished = ".unfinished-";
    private const int Kept = 2;

    private readonly string _directory;
    private readonly ICheckpointFormat _format;

    /// <summary>Names the folder; the first checkpoint creates it.</summary>
    public TrainingCheckpoints(string directory, ICheckpointFormat format)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        _directory = Path.GetFullPath(directory);
        _format = format;
    }

    /// <summary>The folder of the newest checkpoint; null if there is none.</summary>
    public string? Newest() => All().LastOrDefault();

    public void Write(TrainingState state)
    {
        Directory.CreateDirectory(_directory);
        foreach (var left in Directory.EnumerateDirectories(_directory, Unfinished + "*"))
        {
            Directory.Delete(left, recursive: true);
        }

        var name = Prefix + state.Step.ToString("D6", CultureInfo.InvariantCulture);
        var unfinished = Path.Combine(_directory, Unfinished + name);
        var finished = Path.Combine(_directory, name);
        Directory.CreateDirectory(unfinished);
        _format.Write(unfinished, state);
        if (Directory.Exists(finished))
        {
            Directory.Delete(finished, recursive: true);
        }

        Directory.Move(unfinished, finished);
        foreach (var old in All().SkipLast(Kept).ToList())
        {
            Directory.Delete(old, recursive: true);
        }
    }

    private IEnumerable<string> All() =>
        Directory.Exists(_directory)
            ? Directory.EnumerateDirectories(_directory, Prefix + "*").Order(StringComparer.Ordinal)
            : [];
}
