using System.Text.Json;

namespace Jigsaw.Tokenization;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks, as the chat template names it: <c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c>.</param>
/// <param name="Content">What is said; null for a message that has none, such as one of tool calls alone.</param>
public sealed record ChatMessage(string Role, string? Content)
{
    /// <summary>The role of what the model says.</summary>
    public const string Assistant = "assistant";

    /// <summary>The role of what the user says.</summary>
    public const string User = "user";

    /// <summary>The role of instructions.</summary>
    public const string System = "system";

    /// <summary>The role of what a tool answers.</summary>
    public const string Tool = "tool";

    /// <summary>The content in parts, for templates of models that take more than text; it stands in place of <see cref="Content"/>.</summary>
    public IReadOnlyList<ChatPart>? Parts { get; init; }

    /// <summary>The calls of tools that an assistant's message makes.</summary>
    public IReadOnlyList<ToolCall>? ToolCalls { get; init; }

    /// <summary>Which call a tool's message answers.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The name of who speaks, or of the tool that answers.</summary>
    public string? Name { get; init; }

    /// <summary>What a model thought before it answered, for templates that write it apart from the content.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>The characters of <see cref="Content"/> that are private, in UTF-16 units; those of a term's <c>TokenMask.Private</c>. None when null.</summary>
    public IReadOnlyList<Range>? Private { get; init; }

    /// <summary>Further fields of the message, which a template can read.</summary>
    public IReadOnlyDictionary<string, JsonElement>? OtherFields { get; init; }

    /// <summary>The names of the fields in the order in which the message's JSON has them; null for a message that was not read from JSON.</summary>
    internal IReadOnlyList<string>? FieldOrder { get; private init; }

    /// <summary>Reads a message from JSON as the APIs of chat models have it: <c>role</c>, <c>content</c> (a text, parts, or null), <c>tool_calls</c>, <c>tool_call_id</c>, <c>name</c>, <c>reasoning_content</c>, <c>private</c> (spans <c>[from, to)</c> of the content, counted in Unicode code points), and whatever else a template reads.</summary>
    /// <param name="json">The message.</param>
    /// <exception cref="ArgumentException">It is not an object with a role, or a field is not of the kind that belongs there.</exception>
    public static ChatMessage FromJson(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new ArgumentException("A message is not a JSON object; write it as {\"role\": …, \"content\": …}.");
        }

        string? role = null, content = null, callId = null, name = null, reasoning = null;
        List<ChatPart>? parts = null;
        List<ToolCall>? calls = null;
        JsonElement? spans = null;
        var others = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var order = new List<string>();
        foreach (var field in json.EnumerateObject())
        {
            var fieldName = ChatJson.Name(field);
            if (fieldName == "private")
            {
                spans = field.Value.ValueKind switch
                {
                    JsonValueKind.Array => field.Value,
                    JsonValueKind.Null => null,
                    _ => throw new ArgumentException("A message has a private span that is not a list; write \"private\": [[from, to], …]."),
                };
                continue;
            }

            order.Add(fieldName);
            switch (fieldName)
            {
                case "role":
                    role = Text(field);
                    break;
                case "content" when field.Value.ValueKind == JsonValueKind.Array:
                    parts = [.. field.Value.EnumerateArray().Select(ChatPart.FromJson)];
                    break;
                case "content":
                    content = Text(field);
                    break;
                case "tool_calls" when field.Value.ValueKind == JsonValueKind.Array:
                    calls = [.. field.Value.EnumerateArray().Select(ToolCall.FromJson)];
                    break;
                case "tool_call_id":
                    callId = Text(field);
                    break;
                case "name":
                    name = Text(field);
                    break;
                case "reasoning_content":
                    reasoning = Text(field);
                    break;
                default:
                    others[fieldName] = field.Value.Clone();
                    break;
            }
        }

        return new ChatMessage(role ?? throw new ArgumentException("A message has no 'role'; give it one, such as \"user\"."), content)
        {
            Parts = parts,
            ToolCalls = calls,
            ToolCallId = callId,
            Name = name,
            ReasoningContent = reasoning,
            Private = spans is { } given ? PrivateSpans(given, content) : null,
            OtherFields = others.Count > 0 ? others : null,
            FieldOrder = [.. order.Distinct()],
        };
    }

    private static List<Range> PrivateSpans(JsonElement json, string? content)
    {
        var offsets = new List<int> { 0 };
        foreach (var rune in (content ?? string.Empty).EnumerateRunes())
        {
            offsets.Add(offsets[^1] + rune.Utf16SequenceLength);
        }

        return [.. json.EnumerateArray().Select(span =>
            span.ValueKind == JsonValueKind.Array && span.GetArrayLength() == 2 && span[0].ValueKind == JsonValueKind.Number && span[0].TryGetInt32(out var from) && span[1].ValueKind == JsonValueKind.Number && span[1].TryGetInt32(out var to) && from >= 0 && from < to && to < offsets.Count
                ? offsets[from]..offsets[to]
                : throw new ArgumentException($"A message has the private span {span.GetRawText()}, but its content has {offsets.Count - 1} characters; write [from, to] with 0 <= from < to <= {offsets.Count - 1}."))];
    }

    private static string? Text(JsonProperty field) => field.Value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => ChatJson.Text(field.Value, $"the field '{field.Name}' of a message"),
        _ => throw new ArgumentException($"A message has a field '{field.Name}' that is not a text; write it as one."),
    };
}
