using System.Globalization;
using System.Text.Json;
using Jigsaw.Tokenization;

namespace Inspect;

/// <summary>Shows what a tokenizer and its template do: ids, pieces and masks, a line per token.</summary>
internal static class Trial
{
    /// <summary>Tokenizes a text, or renders and tokenizes the chats of a file.</summary>
    /// <returns>0; what can't be done is thrown.</returns>
    public static int Run(string directory, string text, TextWriter output)
    {
        var tokenizer = Tokenizer.Load(directory);
        if (!File.Exists(text))
        {
            output.WriteLine("id      characters  piece");
            foreach (var token in tokenizer.Tokenize(text))
            {
                output.WriteLine($"{token.Id,-7} {$"{token.Start}..{token.End}",-11} {Shown(tokenizer.Decode([token.Id]))}");
            }

            return 0;
        }

        foreach (var chat in Chats(text))
        {
            Show(tokenizer, chat, output);
        }

        return 0;
    }

    private static void Show(Tokenizer tokenizer, JsonElement chat, TextWriter output)
    {
        var isObject = chat.ValueKind == JsonValueKind.Object;
        var list = isObject ? Field(chat, "messages") ?? throw new ArgumentException("A chat has no \"messages\"; write them as a list.") : chat;
        ChatMessage[] messages = list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(ChatMessage.FromJson)] : throw new ArgumentException("The messages of a chat are not a list; write [{\"role\": …, \"content\": …}, …].");
        JsonElement[]? tools = isObject && Field(chat, "tools") is { ValueKind: JsonValueKind.Array } described ? [.. described.EnumerateArray()] : null;
        var hasReply = messages.Any(message => message.Role == ChatMessage.Assistant);
        var tokens = new ChatEncoder(tokenizer).Encode(messages, addGenerationPrompt: !hasReply, ignorePromptLoss: hasReply, tools: tools);
        output.WriteLine("id      transformed  counts  piece");
        for (var i = 0; i < tokens.Ids.Count; i++)
        {
            output.WriteLine($"{tokens.Ids[i],-7} {(tokens.Noise[i] ? "yes" : ""),-12} {(tokens.Counts[i] && hasReply ? "yes" : ""),-7} {Shown(tokenizer.Decode([tokens.Ids[i]]))}");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tokens.Ids.Count} tokens, {tokens.Noise.Count(noisy => noisy)} transformed, {(hasReply ? tokens.Counts.Count(counts => counts) : 0)} counted"));
    }

    /// <summary>The chats of a file: one that is a list of messages or an object, or one of these on each line.</summary>
    private static List<JsonElement> Chats(string path)
    {
        var source = File.ReadAllText(path);
        try
        {
            using var whole = JsonDocument.Parse(source);
            return [whole.RootElement.Clone()];
        }
        catch (JsonException)
        {
            var chats = new List<JsonElement>();
            var number = 0;
            foreach (var line in source.Split('\n'))
            {
                number++;
                if (string.IsNullOrWhiteSpace(line))
                {
                    continue;
                }

                try
                {
                    using var document = JsonDocument.Parse(line);
                    chats.Add(document.RootElement.Clone());
                }
                catch (JsonException exception)
                {
                    throw new ArgumentException($"{path}, line {number}, is not JSON; write one chat per line.", exception);
                }
            }

            return chats;
        }
    }

    private static JsonElement? Field(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value : null;

    private static string Shown(string text) => JsonSerializer.Serialize(text, Options);

    private static JsonSerializerOptions Options { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
