using System.Globalization;

namespace Jigsaw.Training;

/// <summary>Reserves a checkpoint folder for one run: a file that is open as long as the run lasts, and one that names the process. A process that dies frees it.</summary>
internal sealed class CheckpointLock : IDisposable
{
    private const string Name = ".lock";

    // Beside it: a file that is locked can't be read on every system.
    private const string HolderName = ".lock-process";

    private readonly FileStream _file;

    private CheckpointLock(FileStream file) => _file = file;

    /// <summary>Reserves a folder, which is made when it isn't there.</summary>
    /// <param name="directory">The folder.</param>
    /// <exception cref="TrainingCheckpointException">Another run has it.</exception>
    /// <exception cref="IOException">The folder can't be written to.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder can't be written to.</exception>
    public static CheckpointLock Take(string directory)
    {
        Directory.CreateDirectory(directory);
        var holder = Path.Combine(directory, HolderName);
        FileStream file;
        try
        {
            file = new FileStream(Path.Combine(directory, Name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(holder))
        {
            throw new TrainingCheckpointException($"The checkpoint folder {directory} is in use by process {File.ReadAllText(holder)}. Wait for it, end it, or name another folder for this run.");
        }

        try
        {
            File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return new CheckpointLock(file);
    }

    /// <summary>Frees the folder. The files stay: another process may be about to open them.</summary>
    public void Dispose() => _file.Dispose();
}
