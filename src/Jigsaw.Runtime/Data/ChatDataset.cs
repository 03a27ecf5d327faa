using System.Text.Json;
using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>Chats from a JSON-lines file: <c>messages</c> with <c>role</c> and <c>content</c>, and optionally <c>slots</c>, the private facts by name.</summary>
public sealed class ChatDataset
{
    private ChatDataset(IReadOnlyList<ChatExample> examples) => Examples = examples;

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
                .Select(message => new ChatMessage(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!))
                .ToArray();
            var facts = document.RootElement.TryGetProperty("slots", out var slots)
                ? slots.EnumerateObject().ToDictionary(slot => slot.Name, slot => slot.Value.GetString() ?? "")
                : [];
            return messages.Length > 0 && messages.All(message => message.Role is not null && message.Content is not null)
                ? new ChatExample(messages, facts)
                : throw new FormatException("it has no messages");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FormatException($"{path}, line {number}, is not a chat: {exception.Message}. A line is a JSON object with \"messages\", each with \"role\" and \"content\".", exception);
        }
    }
}
