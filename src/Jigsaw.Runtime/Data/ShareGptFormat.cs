using System.Text.Json;
using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>The turns of ShareGPT: <c>from</c> and <c>value</c> under the names that tools and people have given the speakers.</summary>
internal static class ShareGptFormat
{
    private const string FunctionCall = "function_call";

    private static readonly Dictionary<string, string> _roles = new(StringComparer.OrdinalIgnoreCase)
    {
        ["human"] = ChatMessage.User,
        ["user"] = ChatMessage.User,
        ["gpt"] = ChatMessage.Assistant,
        ["chatgpt"] = ChatMessage.Assistant,
        ["model"] = ChatMessage.Assistant,
        ["assistant"] = ChatMessage.Assistant,
        [FunctionCall] = ChatMessage.Assistant,
        ["system"] = ChatMessage.System,
        ["tool"] = ChatMessage.Tool,
        ["observation"] = ChatMessage.Tool,
        ["function_response"] = ChatMessage.Tool,
    };

    /// <summary>Reads a turn. One that is a message already, with <c>role</c> and <c>content</c>, is taken as it is.</summary>
    /// <exception cref="FormatException">Nobody known speaks, or a call of a function isn't JSON.</exception>
    /// <exception cref="ArgumentException">A field is not of the kind that belongs there.</exception>
    public static ChatMessage Message(JsonElement turn)
    {
        if (turn.ValueKind != JsonValueKind.Object || turn.TryGetProperty("role", out _) || !turn.TryGetProperty("from", out var from))
        {
            return ChatMessage.FromJson(turn);
        }

        var speaker = ChatFormats.Text(from, "from");
        if (!_roles.TryGetValue(speaker, out var role))
        {
            throw new FormatException($"a turn is from {ChatFormats.Names([speaker])}; known are {string.Join(", ", _roles.Keys)}");
        }

        if (turn.TryGetProperty("value", out _) && turn.EnumerateObject().Select(field => field.Name).FirstOrDefault(name => name is "content" or "tool_calls" or "role") is { } second)
        {
            throw new FormatException($"a turn has \"{second}\" beside \"value\"; keep one of them");
        }

        return ChatMessage.FromJson(ChatJson.Object(writer =>
        {
            writer.WriteString("role", role);
            foreach (var field in turn.EnumerateObject().Where(field => field.Name != "from"))
            {
                if (field.Name != "value")
                {
                    field.WriteTo(writer);
                }
                else if (string.Equals(speaker, FunctionCall, StringComparison.OrdinalIgnoreCase))
                {
                    WriteCalls(writer, ChatFormats.Text(field.Value, "value"));
                }
                else
                {
                    writer.WritePropertyName("content");
                    field.Value.WriteTo(writer);
                }
            }
        }));
    }

    private static void WriteCalls(Utf8JsonWriter writer, string value)
    {
        try
        {
            using var document = JsonDocument.Parse(value);
            var calls = document.RootElement.ValueKind == JsonValueKind.Array ? document.RootElement.EnumerateArray().ToArray() : [document.RootElement];
            if (calls.Length > 0 && calls.All(call => call.ValueKind == JsonValueKind.Object && call.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String && call.TryGetProperty("arguments", out _)))
            {
                writer.WriteStartArray("tool_calls");
                foreach (var call in calls)
                {
                    new ToolCall(call.GetProperty("name").GetString()!, call.GetProperty("arguments")).Json.WriteTo(writer);
                }

                writer.WriteEndArray();
                return;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            // The sentence below says it without the text.
        }

        throw new FormatException($"a turn from '{FunctionCall}' has a value that is not a call; write {{\"name\": …, \"arguments\": {{…}}}} as JSON, or a list of them");
    }
}
