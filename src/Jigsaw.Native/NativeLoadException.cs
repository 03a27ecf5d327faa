namespace Jigsaw.Native;

/// <summary>TorchSharp's native library can't be loaded on this system; the message says why, and what to do, in a sentence.</summary>
public sealed class NativeLoadException : Exception
{
    /// <summary>Makes the exception without a reason.</summary>
    public NativeLoadException()
        : this("TorchSharp's native library can't be loaded on this system.")
    {
    }

    /// <summary>Makes the exception with its sentence.</summary>
    /// <param name="message">What stands in the way, and the way out.</param>
    public NativeLoadException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its sentence and its cause.</summary>
    /// <param name="message">What stands in the way, and the way out.</param>
    /// <param name="innerException">What the system said.</param>
    public NativeLoadException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
