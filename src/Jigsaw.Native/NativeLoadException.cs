namespace Jigsaw.Native;

/// <summary>TorchSharp's native library can't be loaded on this system; the message says why, and what to do, in one sentence.</summary>
public sealed class NativeLoadException : Exception
{
    /// <summary>Makes the exception without a reason.</summary>
    public NativeLoadException()
        : this("TorchSharp's native library can't be loaded on this system.")
    {
    }

    /// <summary>Makes the exception with its sentence.</summary>
    /// <param name="message">The problem and the remedy.</param>
    public NativeLoadException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its sentence and its cause.</summary>
    /// <param name="message">The problem and the remedy.</param>
    /// <param name="innerException">The system's error.</param>
    public NativeLoadException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
