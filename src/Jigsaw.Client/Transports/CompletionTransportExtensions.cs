using System.Text;

namespace Jigsaw.Client.Transports;

/// <summary>Whole replies of a transport.</summary>
public static class CompletionTransportExtensions
{
    /// <summary>Sends prompts, and waits for their whole replies.</summary>
    /// <param name="transport">The transport.</param>
    /// <param name="prompts">At least one.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>One reply for each prompt, in their order.</returns>
    /// <exception cref="TransportException">The server can't be reached, refuses the request, or breaks off before every reply has ended.</exception>
    public static async Task<IReadOnlyList<Completion>> CompleteAsync(this ICompletionTransport transport, IReadOnlyList<TransformedPrompt> prompts, CompletionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(prompts);
        var texts = prompts.Select(_ => new StringBuilder()).ToArray();
        var reasons = new string?[prompts.Count];
        var (promptTokens, completionTokens) = ((int?)null, (int?)null);
        await foreach (var part in transport.StreamAsync(prompts, options, cancellationToken).ConfigureAwait(false))
        {
            texts[part.Index].Append(part.Text);
            reasons[part.Index] = part.FinishReason ?? reasons[part.Index];
            (promptTokens, completionTokens) = (part.PromptTokens ?? promptTokens, part.CompletionTokens ?? completionTokens);
        }

        return [.. texts.Zip(reasons, (text, reason) => new Completion(text.ToString(), reason!, promptTokens, completionTokens))];
    }

    /// <summary>Sends a prompt, and waits for its whole reply.</summary>
    /// <param name="transport">The transport.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="TransportException">The server can't be reached, refuses the request, or breaks off before the reply has ended.</exception>
    public static async Task<Completion> CompleteAsync(this ICompletionTransport transport, TransformedPrompt prompt, CompletionOptions options, CancellationToken cancellationToken = default) =>
        (await transport.CompleteAsync([prompt], options, cancellationToken).ConfigureAwait(false))[0];
}
