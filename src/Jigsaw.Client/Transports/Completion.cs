namespace Jigsaw.Client.Transports;

/// <summary>A whole reply.</summary>
/// <param name="Text">Its text.</param>
/// <param name="FinishReason">Why it ended, in the server's word.</param>
/// <param name="PromptTokens">Tokens of the request's prompts, where the server counts them.</param>
/// <param name="CompletionTokens">Tokens of the request's replies, where the server counts them.</param>
public sealed record Completion(string Text, string FinishReason, int? PromptTokens, int? CompletionTokens);
