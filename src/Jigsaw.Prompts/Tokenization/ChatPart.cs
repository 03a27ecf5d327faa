using System.Text.Json;

namespace Jigsaw.Tokenization;

/// <summary>A part of a message's content.</summary>
public sealed record ChatPart
{
    private ChatPart(JsonElement json)
    {
        Json = json;
    }

    /// <summary>The part as the template sees it, such as <c>{"type": "text", "text": "Hi"}</c>.</summary>
    public JsonElement Json { get; }

    /// <summary>A part that is text.</summary>
    /// <param name="text">The text.</param>
    public static ChatPart OfText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new ChatPart(ChatJson.Object(writer =>
        {
            writer.WriteString("type", "text");
            writer.WriteString("text", text);
        }));
    }

    /// <summary>A part of any kind.</summary>
    /// <param name="json">The part: an object, or a text.</param>
    /// <exception cref="ArgumentException">It is neither.</exception>
    public static ChatPart FromJson(JsonElement json) => json.ValueKind is JsonValueKind.Object or JsonValueKind.String
        ? new ChatPart(json.Clone())
        : throw new ArgumentException("A part of a message's content is neither a JSON object nor a text; write it as {\"type\": \"text\", \"text\": …}.");
}
