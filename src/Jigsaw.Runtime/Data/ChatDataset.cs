using System.Text.Json;
using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>Chats from a JSON-lines file: <c>messages</c> with <c>role</c> and <c>content</c>, and optionally <c>slots</c>, the private facts by name, and <c>private</c> in a message, spans of its content.</summary>
public sealed class ChatDataset
{
    private ChatDataset(IReadOnlyList<ChatExample> examples) => Examples = examples;

    /// <summary>How many facts stand in no message but the assistant's, and so are not private in the sense of <c>TokenMask.Private</c>.</summary>
    public int MissingFacts => Examples.Sum(example => example.Facts.Values.Count(fact => !example.Messages.Any(message => message.Role != ChatMessage.Assistant && FactSpans.Of(message.Content, fact).Any())));

    /// <summary>The chats, in the file's order.</summary>
    public IReadOnlyList<ChatExample> Examples { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, one JSON object per line.</param>
    /// <param name="limit">Reads at most this many chats; null reads all.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="FormatException">A line is not a chat; the message names file and line.</exception>
    public static ChatDataset Read(string path, int? limit = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var examples = new List<ChatExample>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (examples.Count == limit)
            {
                break;
            }

            if (!string.IsNullOrWhiteSpace(line))
            {
                examples.Add(Parse(path, number, line));
            }
        }

        return examples.Count > 0
            ? new ChatDataset(examples)
            : throw new FormatException($"{path} holds no chat; write one JSON object with \"messages\" per line.");
    }

    private static ChatExample Parse(string path, int number, string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var messages = document.RootElement.GetProperty("messages").EnumerateArray()
                .Select(ChatMessage.FromJson)
                .ToArray();
            var facts = Facts(document.RootElement);
            return messages.Length > 0 && messages.All(message => message.Content is not null || message.Parts is not null || message.ToolCalls is not null)
                ? new ChatExample([.. messages.Select(message => WithFacts(message, facts.Values))], facts)
                : throw new FormatException("it has no messages");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw new FormatException($"{path}, line {number}, is not a chat: {exception.Message.TrimEnd('.')}. A line is a JSON object with \"messages\", each with \"role\" and \"content\".", exception);
        }
    }

    private static Dictionary<string, string> Facts(JsonElement line)
    {
        var facts = new Dictionary<string, string>();
        if (!line.TryGetProperty("slots", out var slots) || slots.ValueKind == JsonValueKind.Null)
        {
            return facts;
        }

        if (slots.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("its \"slots\" are not an object of texts by name");
        }

        foreach (var slot in slots.EnumerateObject().Where(slot => slot.Value.ValueKind != JsonValueKind.Null))
        {
            var fact = slot.Value.ValueKind == JsonValueKind.String ? slot.Value.GetString()! : throw new FormatException($"its slot \"{slot.Name}\" is not a text");
            if (fact.Length > 0)
            {
                facts[slot.Name] = fact;
            }
        }

        return facts;
    }

    /// <summary>The message with its facts among its private spans.</summary>
    private static ChatMessage WithFacts(ChatMessage message, IEnumerable<string> facts)
    {
        var spans = message.Role == ChatMessage.Assistant ? [] : facts.SelectMany(fact => FactSpans.Of(message.Content, fact)).ToArray();
        return spans.Length == 0 ? message : message with { Private = [.. message.Private ?? [], .. spans] };
    }
}
