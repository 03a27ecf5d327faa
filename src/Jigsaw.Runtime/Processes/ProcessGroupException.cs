namespace Jigsaw.Processes;

/// <summary>Processes that train together can't go on: one of them has ended, or they differ in what they train. The message says which process and what.</summary>
public sealed class ProcessGroupException : Exception
{
    /// <summary>Makes an exception without a reason.</summary>
    public ProcessGroupException()
        : this("The processes can't train together.")
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">Which process, and what is wrong.</param>
    public ProcessGroupException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with its cause.</summary>
    /// <param name="message">Which process, and what is wrong.</param>
    /// <param name="innerException">The cause.</param>
    public ProcessGroupException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
