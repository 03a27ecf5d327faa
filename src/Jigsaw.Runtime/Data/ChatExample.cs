using System.Text.Json;
using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>One chat of a data file.</summary>
/// <param name="Messages">Its messages, in order.</param>
/// <param name="Facts">The private facts that occur in the user's message, by name; empty if the file has none.</param>
public sealed record ChatExample(IReadOnlyList<ChatMessage> Messages, IReadOnlyDictionary<string, string> Facts)
{
    /// <summary>Descriptions of the tools that the model may call, which the template writes; none when null.</summary>
    public IReadOnlyList<JsonElement>? Tools { get; init; }

    /// <summary>Documents that the model may read, which the template writes; none when null.</summary>
    public IReadOnlyList<JsonElement>? Documents { get; init; }

    /// <summary>Further variables of the template, such as <c>enable_thinking</c>; none when null.</summary>
    public IReadOnlyDictionary<string, object?>? TemplateArguments { get; init; }

    /// <summary>The file that it was read from; null if it was not.</summary>
    internal string? Path { get; init; }

    /// <summary>Where it stands in the file.</summary>
    internal string? Place { get; init; }

    /// <summary>Renders and tokenizes it.</summary>
    internal TokenizedChat Tokenize(NoiseTokenizer tokenizer, IReadOnlyList<ChatMessage>? messages = null, bool addGenerationPrompt = false) =>
        tokenizer.Tokenize(messages ?? Messages, addGenerationPrompt, ignorePromptLoss: true, tools: Tools, documents: Documents, arguments: TemplateArguments);
}
