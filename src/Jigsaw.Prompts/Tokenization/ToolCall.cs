using System.Text.Json;

namespace Jigsaw.Tokenization;

/// <summary>A call of a tool in an assistant's message.</summary>
public sealed record ToolCall
{
    private ToolCall(JsonElement json)
    {
        Json = json;
    }

    /// <summary>A call of a function.</summary>
    /// <param name="name">The function's name.</param>
    /// <param name="arguments">Its arguments: mostly an object; a text where the template wants one.</param>
    /// <param name="id">The call's id, which the tool's answer names; none when null.</param>
    /// <exception cref="ArgumentException">The arguments have a text or a name that is not Unicode.</exception>
    public ToolCall(string name, JsonElement arguments, string? id = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        Json = ChatJson.Object(writer =>
        {
            if (id is not null)
            {
                writer.WriteString("id", id);
            }

            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", name);
            writer.WritePropertyName("arguments");
            ChatJson.Write(writer, arguments, "arguments of a tool call");
            writer.WriteEndObject();
        });
    }

    /// <summary>The call as the template sees it: <c>{"type": "function", "function": {"name": …, "arguments": …}}</c>.</summary>
    public JsonElement Json { get; }

    /// <summary>A call as it stands in a message's JSON.</summary>
    /// <param name="json">The call.</param>
    /// <exception cref="ArgumentException">It is not an object.</exception>
    public static ToolCall FromJson(JsonElement json) => json.ValueKind == JsonValueKind.Object
        ? new ToolCall(json.Clone())
        : throw new ArgumentException("A tool call is not a JSON object; write it as {\"type\": \"function\", \"function\": {\"name\": …, \"arguments\": …}}.");
}
