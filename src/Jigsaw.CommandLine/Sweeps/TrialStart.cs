using Jigsaw.Checkpoints;
using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Running;

namespace Jigsaw.CommandLine.Sweeps;

/// <summary>Where a trial begins that goes on with one of the round before: at its checkpoints, which it gets copies of.</summary>
internal static class TrialStart
{
    private const string Unfinished = ".copying-";

    /// <summary>Copies checkpoints and the log of steps, unless the trial has checkpoints. Where the other has none any more, there are none to go on from, and the trial begins anew, with the same numbers.</summary>
    /// <param name="from">The folder of the other trial.</param>
    /// <param name="settings">The trial.</param>
    internal static void Copy(string from, RunSettings settings)
    {
        var source = RunSettings.CheckpointsOf(from);
        if (Directory.Exists(settings.Checkpoints) || !Directory.Exists(source))
        {
            return;
        }

        // Only a whole copy gets the name, whenever this is killed.
        var copy = Path.Combine(settings.Output, Unfinished + Path.GetFileName(settings.Checkpoints));
        if (Directory.Exists(copy))
        {
            Directory.Delete(copy, recursive: true);
        }

        Directory.CreateDirectory(copy);
        foreach (var file in Directory.EnumerateDirectories(source, "step-*").SelectMany(checkpoint => Directory.EnumerateFiles(checkpoint, "*", SearchOption.AllDirectories)))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            CopyFile(file, target);
        }

        var steps = Path.Combine(from, StepLog.Name);
        if (File.Exists(steps))
        {
            CopyFile(steps, Path.Combine(settings.Output, StepLog.Name));
        }

        DirectoryFlush.FlushAll(copy);
        Directory.Move(copy, settings.Checkpoints);
        DirectoryFlush.Flush(settings.Output);
    }

    /// <summary>Copies a file to the disk, not only to the system's memory.</summary>
    private static void CopyFile(string from, string to)
    {
        File.Copy(from, to, overwrite: true);
        using var file = File.OpenHandle(to, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }
}
