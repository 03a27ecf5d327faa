namespace Jigsaw.Client.Transports;

/// <summary>A piece of a reply, as it comes.</summary>
public sealed record CompletionPart
{
    /// <summary>Which prompt of the request it answers, from 0.</summary>
    public int Index { get; init; }

    /// <summary>The next text; may be empty.</summary>
    public string Text { get; init; } = "";

    /// <summary>Why the reply ended, in the server's word, such as <c>stop</c> or <c>length</c>; null while it goes on.</summary>
    public string? FinishReason { get; init; }

    /// <summary>Tokens of the prompts, where the server counts them, in one of the last parts.</summary>
    public int? PromptTokens { get; init; }

    /// <summary>Tokens of the replies, where the server counts them, in one of the last parts.</summary>
    public int? CompletionTokens { get; init; }
}
