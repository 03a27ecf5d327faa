namespace Jigsaw.Training;

/// <summary>
/// What one checkpoint of a training looks like on disk. The trainer names the folders, writes each under another name, renames it when it is whole,
/// and keeps the last two; a format has the inside of one folder to itself.
/// </summary>
public interface ICheckpointFormat
{
    /// <summary>Writes a checkpoint.</summary>
    /// <param name="directory">An empty folder.</param>
    /// <param name="state">The training.</param>
    void Write(string directory, TrainingState state);

    /// <summary>Reads a checkpoint, and puts it back by <see cref="TrainingState.RequireSettings"/> and <see cref="TrainingState.Restore"/>.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="state">The training.</param>
    /// <exception cref="TrainingCheckpointException">It is damaged, or of another training.</exception>
    void Read(string directory, TrainingState state);
}
