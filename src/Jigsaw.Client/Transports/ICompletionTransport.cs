namespace Jigsaw.Client.Transports;

/// <summary>A way to a server that takes embeddings for a prompt.</summary>
public interface ICompletionTransport
{
    /// <summary>Sends prompts, and gives their replies piece by piece.</summary>
    /// <param name="prompts">At least one; <see cref="CompletionPart.Index"/> says which one a piece answers.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="TransportException">The server can't be reached, refuses the request, or breaks off.</exception>
    IAsyncEnumerable<CompletionPart> StreamAsync(IReadOnlyList<TransformedPrompt> prompts, CompletionOptions options, CancellationToken cancellationToken = default);
}
