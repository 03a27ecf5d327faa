using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>What of a chat its template reads, as far as its source tells: content that it doesn't write is refused, and any other field is counted.</summary>
internal sealed class TemplateFields(ChatTemplate? template)
{
    // A template that writes whole messages writes all of their fields.
    private static readonly string[] _whole = ["items()", "message | tojson", "message|tojson", "messages | tojson", "messages|tojson"];
    private static readonly string[] _parts = ["'type'", "\"type\"", ".type", "is string", "is not string", "is iterable", "is sequence", "is mapping"];

    /// <summary>Fields of messages, and arguments, that the template doesn't read.</summary>
    public FieldTally Unread { get; } = new();

    /// <summary>Checks a chat.</summary>
    /// <exception cref="FormatException">It has content that the template doesn't write.</exception>
    public void Check(ChatExample chat)
    {
        var source = (chat.Tools is null ? null : template?.ToolUse)?.Source ?? template?.Source;
        if (source is null || _whole.Any(source.Contains))
        {
            return;
        }

        Refuse(chat.Tools is not null, source, "tools");
        Refuse(chat.Documents is not null, source, "documents");
        Refuse(chat.Messages.Any(message => message.ToolCalls is { Count: > 0 }), source, "tool_calls");
        if (chat.Messages.Any(message => message.Parts is not null) && !_parts.Any(source.Contains))
        {
            throw new FormatException("its content is in parts, and the chat template takes texts alone; write each content as one text");
        }

        foreach (var name in chat.Messages.SelectMany(Names).Concat(chat.TemplateArguments?.Keys ?? []).Distinct().Where(name => !source.Contains(name, StringComparison.Ordinal)))
        {
            Unread.Add(name);
        }
    }

    private static void Refuse(bool has, string source, string name)
    {
        if (has && !source.Contains(name, StringComparison.Ordinal))
        {
            throw new FormatException($"it has '{name}', which the chat template doesn't write; use a model whose template does, or remove them from the data");
        }
    }

    private static IEnumerable<string> Names(ChatMessage message)
    {
        var names = message.OtherFields?.Where(field => field.Value.ValueKind != System.Text.Json.JsonValueKind.Null).Select(field => field.Key) ?? [];
        names = message.Name is null ? names : names.Append("name");
        names = message.ToolCallId is null ? names : names.Append("tool_call_id");
        return message.ReasoningContent is null ? names : names.Append("reasoning_content");
    }
}
