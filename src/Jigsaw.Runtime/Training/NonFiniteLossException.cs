namespace Jigsaw.Training;

/// <summary>A loss or a gradient became NaN or infinite; the parameters are those before that step.</summary>
public sealed class NonFiniteLossException : Exception
{
    /// <summary>Reports a loss that is not finite.</summary>
    public NonFiniteLossException()
        : this("A loss is not finite.")
    {
    }

    /// <summary>Reports a loss that is not finite.</summary>
    /// <param name="message">Which, where, and what to do.</param>
    public NonFiniteLossException(string message)
        : base(message)
    {
    }

    /// <summary>Reports a loss that is not finite.</summary>
    /// <param name="message">Which, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public NonFiniteLossException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The step, counted from 1.</summary>
    public int Step { get; init; }

    /// <summary>The component's key, or <c>gradient</c>.</summary>
    public string Term { get; init; } = "";

    /// <summary>The rows of the batch, as the batches name them; empty if they don't.</summary>
    public IReadOnlyList<string> Rows { get; init; } = [];
}
