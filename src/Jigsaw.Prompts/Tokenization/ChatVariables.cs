using System.Text.Json;
using Jigsaw.Tokenization.Templates;

namespace Jigsaw.Tokenization;

/// <summary>What a conversation is to its template.</summary>
internal sealed class ChatVariables(
    ChatTemplate template,
    IReadOnlyList<ChatMessage> messages,
    bool addGenerationPrompt,
    IReadOnlyList<JsonElement>? tools,
    IReadOnlyList<JsonElement>? documents,
    IReadOnlyDictionary<string, object?>? arguments)
{
    private static readonly string[] _fields = ["role", "content", "reasoning_content", "name", "tool_calls", "tool_call_id"];

    /// <summary>About how many characters there are.</summary>
    public long Length => messages.Sum(Size) + (tools ?? []).Concat(documents ?? []).Sum(ChatJson.Length);

    public void Define(TemplateScope scope)
    {
        scope.Set("messages", TemplateList.Of(messages.Select(Message)));
        scope.Set("add_generation_prompt", addGenerationPrompt);
        scope.Set("tools", List(tools, TextMark.Tools));
        scope.Set("documents", List(documents, TextMark.Documents));
        scope.Set("strftime_now", new TemplateFunction("strftime_now", "format", (_, a) => Date(a)));
        foreach (var (name, token) in template.SpecialTokens)
        {
            scope.Set(name, MarkedText.Plain(token));
        }

        SetToken(scope, "bos_token", template.BeginToken);
        SetToken(scope, "eos_token", template.EndToken);
        foreach (var (name, value) in arguments ?? new Dictionary<string, object?>())
        {
            scope.Set(name, ChatJson.Argument(name, value));
        }
    }

    private static void SetToken(TemplateScope scope, string name, string? token)
    {
        if (token is not null)
        {
            scope.Set(name, MarkedText.Plain(token));
        }
    }

    private static TemplateList? List(IReadOnlyList<JsonElement>? values, TextMark mark) => values is null ? null : TemplateList.Of(values.Select(value => ChatJson.Value(value, mark)));

    private static long Size(ChatMessage message) =>
        (message.Content?.Length ?? 0) + (message.ReasoningContent?.Length ?? 0) + (message.Parts?.Sum(part => ChatJson.Length(part.Json)) ?? 0)
        + (message.ToolCalls?.Sum(call => ChatJson.Length(call.Json)) ?? 0) + (message.OtherFields?.Values.Sum(ChatJson.Length) ?? 0);

    private static TemplateDictionary Message(ChatMessage message, int index)
    {
        var mark = TextMark.OfMessage(index);
        var dictionary = new TemplateDictionary();
        foreach (var field in (message.FieldOrder ?? []).Concat(_fields).Concat(message.OtherFields?.Keys ?? []).Distinct())
        {
            var wasNamed = message.FieldOrder?.Contains(field) ?? field is "role" or "content";
            if (Field(message, field, mark) is var value && (value is not null || wasNamed))
            {
                dictionary[field] = value;
            }
        }

        return dictionary;
    }

    private static object? Field(ChatMessage message, string field, TextMark mark) => field switch
    {
        "role" => MarkedText.Plain(message.Role),
        "content" when message is { Parts: not null, Private.Count: > 0 } => throw new ArgumentException($"A message of '{message.Role}' has private spans, but its content is in parts; give the content as one text."),
        "content" when message.Parts is { } parts => TemplateList.Of(parts.Select(part => ChatJson.Value(part.Json, mark))),
        "content" => Content(message, mark),
        "reasoning_content" => Text(message.ReasoningContent, mark),
        "name" => Text(message.Name, mark),
        "tool_call_id" => Text(message.ToolCallId, mark),
        "tool_calls" => message.ToolCalls is { } calls ? TemplateList.Of(calls.Select(call => ChatJson.Value(call.Json, mark))) : null,
        _ => message.OtherFields is { } others && others.TryGetValue(field, out var value) ? ChatJson.Value(value, mark) : null,
    };

    /// <summary>The content, with its private characters marked.</summary>
    private static MarkedText? Content(ChatMessage message, TextMark mark)
    {
        if (message is not { Content: { } content, Private: { Count: > 0 } spans })
        {
            return Text(message.Content, mark);
        }

        var isPrivate = new bool[content.Length];
        foreach (var span in spans)
        {
            var (start, end) = (span.Start.GetOffset(content.Length), span.End.GetOffset(content.Length));
            if (start < 0 || end > content.Length || start >= end)
            {
                throw new ArgumentException($"Message {message.Role} names the characters [{start}, {end}) as private, but its content has {content.Length}; give [from, to) with 0 <= from < to <= {content.Length}.");
            }

            isPrivate.AsSpan(start, end - start).Fill(true);
        }

        var builder = new MarkedTextBuilder();
        for (var (start, end) = (0, 0); start < content.Length; start = end)
        {
            end = isPrivate.AsSpan(start).IndexOf(!isPrivate[start]) is >= 0 and var length ? start + length : content.Length;
            builder.Append(content.AsSpan(start, end - start), mark with { Private = isPrivate[start] });
        }

        return builder.ToText();
    }

    private static MarkedText? Text(string? text, TextMark mark) => text is null ? null : MarkedText.Of(text, mark);

    private MarkedText Date(BoundArguments arguments)
    {
        var format = arguments.Text(0);
        var now = template.Now ?? template.Today?.ToDateTime(TimeOnly.MinValue) ?? DateTime.Now;
        return format.FirstMark.IsContent
            ? throw new TemplateException("writes the date with a format that is content, which marks of content can't follow")
            : MarkedText.Plain(DateText.Format(now, format.Text));
    }
}
