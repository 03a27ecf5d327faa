using System.Globalization;
using Jigsaw.Checkpoints;

namespace Jigsaw.Training;

/// <summary>
/// The checkpoints of a training run in one folder: <c>step-000100</c>, … Each is written under a temporary name, flushed, and renamed when complete; the last two are kept, and that of the best evaluation.
/// A file in each says of which run it is, and nothing else is ever deleted.
/// </summary>
internal sealed class TrainingCheckpoints
{
    private const string Prefix = "step-";
    private const string Unfinished = ".unfinished-";
    private const string Discarded = ".discarded-";
    private const string SetAside = "set-aside-";
    private const string RunName = "run-id";
    private const int Kept = 2;

    private readonly string _directory;
    private readonly ICheckpointFormat _format;
    private string _run = Guid.NewGuid().ToString("N");

    /// <summary>Names the folder; the first checkpoint creates it.</summary>
    public TrainingCheckpoints(string directory, ICheckpointFormat format)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        _directory = Path.GetFullPath(directory);
        _format = format;
    }

    /// <summary>The folder of the newest checkpoint; null if there is none.</summary>
    public string? Newest() => All().LastOrDefault().Path;

    /// <summary>The step of a checkpoint, by its folder's name; null if it is not one.</summary>
    public static int? StepOf(string path) => StepOf(Path.GetFileName(path), Prefix);

    /// <summary>The checkpoint before one, beside it; null if there is none.</summary>
    public static string? Before(string checkpoint) =>
        StepOf(checkpoint) is { } step && Path.GetDirectoryName(checkpoint) is { } directory ? All(directory).LastOrDefault(other => other.Step < step).Path : null;

    /// <summary>Reserves the folder, until what is returned is disposed.</summary>
    /// <exception cref="TrainingCheckpointException">Another process has reserved it, or it can't be written to.</exception>
    public IDisposable Reserve() => Guarded($"The checkpoint folder {_directory} can't be reserved", () => CheckpointLock.Take(_directory));

    /// <summary>Goes on with the run of a checkpoint that was read.</summary>
    public void Continue(string checkpoint)
    {
        var file = Path.Combine(checkpoint, RunName);
        _run = File.Exists(file) ? File.ReadAllText(file) : _run;
    }

    /// <summary>Gives the checkpoints after a step another name, for a run that goes on from an older one.</summary>
    public void SetAsideAfter(int step)
    {
        foreach (var (newer, path) in All().Where(checkpoint => checkpoint.Step > step).ToList())
        {
            var name = SetAside + Path.GetFileName(path);
            for (var i = 2; Directory.Exists(Path.Combine(_directory, name)); i++)
            {
                name = $"{SetAside}{Path.GetFileName(path)}-{i}";
            }

            Directory.Move(path, Path.Combine(_directory, name));
        }
    }

    /// <summary>The folder of a step's checkpoint; null if there is none.</summary>
    public string? Of(int step) => All().FirstOrDefault(checkpoint => checkpoint.Step == step).Path;

    /// <summary>Writes a checkpoint, and deletes those of this run that are older than the one before it, but for that of the best evaluation.</summary>
    /// <exception cref="TrainingCheckpointException">It can't be written; the checkpoints before it are as they were.</exception>
    public void Write(TrainingState state) => Guarded($"The checkpoint of step {state.Step} can't be written to {_directory}", () =>
    {
        Directory.CreateDirectory(_directory);
        Clean();
        var name = Prefix + state.Step.ToString("D6", CultureInfo.InvariantCulture);
        var (unfinished, finished) = (Path.Combine(_directory, Unfinished + name), Path.Combine(_directory, name));
        Directory.CreateDirectory(unfinished);
        try
        {
            File.WriteAllText(Path.Combine(unfinished, RunName), _run);
            _format.Write(unfinished, state);
            DirectoryFlush.FlushAll(unfinished);
            if (Directory.Exists(finished))
            {
                Discard(finished);
            }

            Directory.Move(unfinished, finished);
            DirectoryFlush.Flush(_directory);
        }
        catch
        {
            TryDelete(unfinished);
            throw;
        }

        foreach (var (_, old) in All().Where(checkpoint => IsOwn(checkpoint.Path)).SkipLast(Kept).Where(checkpoint => checkpoint.Step != state.Best?.Step).ToList())
        {
            Discard(old);
        }

        Clean();
        return finished;
    });

    /// <summary>Deletes what a killed process left unfinished, or half deleted. Both names are of this class alone, and the folder is reserved.</summary>
    private void Clean()
    {
        foreach (var left in Directory.EnumerateDirectories(_directory).Where(path => StepOf(Path.GetFileName(path), Unfinished + Prefix) is not null || StepOf(Path.GetFileName(path), Discarded + Prefix) is not null).ToList())
        {
            Directory.Delete(left, recursive: true);
        }
    }

    /// <summary>Takes a checkpoint away in one move: one that is half deleted must not look like a damaged one.</summary>
    private void Discard(string path) => Directory.Move(path, Path.Combine(_directory, Discarded + Path.GetFileName(path)));

    private bool IsOwn(string path)
    {
        var file = Path.Combine(path, RunName);
        return File.Exists(file) && File.ReadAllText(file) == _run;
    }

    private T Guarded<T>(string what, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var kept = Newest() is { } newest ? $"The last good checkpoint is {newest}; resume from it." : "There is no checkpoint yet.";
            throw new TrainingCheckpointException($"{what}: {exception.Message.TrimEnd('.')}. {kept} Make room or give access there, or name another folder.", exception);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What is left has a name that the next checkpoint cleans away.
        }
    }

    private IEnumerable<(int Step, string Path)> All() => All(_directory);

    private static IEnumerable<(int Step, string Path)> All(string directory) =>
        Directory.Exists(directory)
            ? Directory.EnumerateDirectories(directory, Prefix + "*").Select(path => (Step: StepOf(path), Path: path)).Where(checkpoint => checkpoint.Step is not null)
                .Select(checkpoint => (checkpoint.Step!.Value, checkpoint.Path)).OrderBy(checkpoint => checkpoint.Value)
            : [];

    /// <summary>The number behind a prefix, written as this class writes it.</summary>
    private static int? StepOf(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step)
        && name.AsSpan(prefix.Length).SequenceEqual(step.ToString("D6", CultureInfo.InvariantCulture))
            ? step : null;
}
