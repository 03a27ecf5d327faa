namespace Jigsaw.Training;

/// <summary>
/// The on-disk form of one checkpoint of a training run. The trainer names the folders, writes each under a temporary name, renames it when it is complete,
/// and keeps the last two; a format decides the contents of one folder.
/// </summary>
public interface ICheckpointFormat
{
    /// <summary>Writes a checkpoint.</summary>
    /// <param name="directory">An empty folder.</param>
    /// <param name="state">The state of the training run.</param>
    void Write(string directory, TrainingState state);

    /// <summary>Reads a checkpoint, and restores it by <see cref="TrainingState.RequireSettings"/> and <see cref="TrainingState.Restore"/>.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="state">The state of the training run.</param>
    /// <exception cref="TrainingCheckpointException">It is damaged, or belongs to another training run.</exception>
    void Read(string directory, TrainingState state);
}
