using System.Net;

namespace Jigsaw.Client.Transports;

/// <summary>A server can't be reached, refuses a request, or breaks off. The message has the server's own text, and never a prompt.</summary>
public sealed class TransportException : Exception
{
    /// <summary>Says what went wrong.</summary>
    /// <param name="message">A sentence.</param>
    /// <param name="statusCode">The status that the server answered with; null if it didn't answer.</param>
    /// <param name="innerException">What was noticed first.</param>
    public TransportException(string message, HttpStatusCode? statusCode = null, Exception? innerException = null)
        : base(message, innerException)
    {
        StatusCode = statusCode;
    }

    /// <summary>The status that the server answered with; null if it didn't answer, or broke off afterwards.</summary>
    public HttpStatusCode? StatusCode { get; }

    /// <summary>How long the server asks to wait before another try; null if it doesn't say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
