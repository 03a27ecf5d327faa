namespace Jigsaw.Testing;

/// <summary>What a test compared differs from what was verified, or could not be compared; the message shows the differing lines.</summary>
public sealed class SnapshotException : Exception
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public SnapshotException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What differs, and how it is accepted.</param>
    public SnapshotException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with a cause.</summary>
    /// <param name="message">What could not be compared.</param>
    /// <param name="innerException">Why.</param>
    public SnapshotException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
