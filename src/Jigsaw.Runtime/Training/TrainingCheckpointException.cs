namespace Jigsaw.Training;

/// <summary>A training run can't be resumed from its checkpoint.</summary>
public sealed class TrainingCheckpointException : Exception
{
    /// <summary>Reports a checkpoint that can't be used.</summary>
    public TrainingCheckpointException()
        : this("A checkpoint can't be used.")
    {
    }

    /// <summary>Reports a checkpoint that can't be used.</summary>
    /// <param name="message">Which, why, and what to do.</param>
    public TrainingCheckpointException(string message)
        : base(message)
    {
    }

    /// <summary>Reports a checkpoint that can't be used.</summary>
    /// <param name="message">Which, why, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public TrainingCheckpointException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
