namespace Jigsaw.Tokenization;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks, as the chat template names it: <c>system</c>, <c>user</c>, <c>assistant</c>.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>The role of what the model says.</summary>
    public const string Assistant = "assistant";

    /// <summary>The role of what the user says.</summary>
    public const string User = "user";

    /// <summary>The role of instructions.</summary>
    public const string System = "system";
}
