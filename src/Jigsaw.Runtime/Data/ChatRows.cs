using System.Text.Json;
using System.Text.Unicode;
using Jigsaw.Checkpoints;
using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>Makes chats of rows.</summary>
internal static class ChatRows
{
    private static readonly JsonDocumentOptions _options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>The chats of a file with the rows that they are in.</summary>
    /// <exception cref="ChatDataException">The file is damaged, or a row is not a chat.</exception>
    public static IEnumerable<(DataRow Row, ChatExample Chat)> Read(DataFile file, FieldTally unread)
    {
        using var rows = file.Rows(ChatFormats.Fields, unread).GetEnumerator();
        while (Next() is { } read)
        {
            yield return read;
        }

        (DataRow, ChatExample)? Next()
        {
            try
            {
                return rows.MoveNext() ? (rows.Current, Parse(file.FilePath, rows.Current.Place, rows.Current.Bytes, unread)) : null;
            }
            catch (ChatDataException exception)
            {
                throw file.Damage() ?? exception;
            }
        }
    }

    /// <summary>Reads a row.</summary>
    /// <param name="path">Its file, for messages.</param>
    /// <param name="place">Where it stands there.</param>
    /// <param name="bytes">The row.</param>
    /// <param name="unread">Counts its fields that nothing reads.</param>
    /// <exception cref="ChatDataException">It is not a chat.</exception>
    public static ChatExample Parse(string path, string place, ReadOnlyMemory<byte> bytes, FieldTally unread)
    {
        try
        {
            if (!Utf8.IsValid(bytes.Span))
            {
                throw new FormatException("it is not UTF-8; convert the file");
            }

            using var document = JsonDocument.Parse(bytes, _options);
            return Read(document.RootElement, unread) with { Path = path, Place = place };
        }
        catch (JsonException exception)
        {
            throw new ChatDataException(path, place, $"is not a chat: {Problem(exception)}.", exception);
        }
        catch (InvalidOperationException exception) when (!JsonUnicode.Holds(bytes.Span))
        {
            throw new ChatDataException(path, place, $"is not a chat: it has {JsonUnicode.Problem}; mend it.", exception);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException)
        {
            throw new ChatDataException(path, place, $"is not a chat: {exception.Message.TrimEnd('.')}.", exception);
        }
    }

    private static string Problem(JsonException exception) => exception.Message switch
    {
        var message when message.Contains("maximum configured depth", StringComparison.Ordinal) => $"it is nested deeper than {_options.MaxDepth} levels; write it flatter",
        var message when message.Contains("uplicate", StringComparison.Ordinal) => "it names a field twice; keep one of them",
        _ => $"it is not JSON at byte {exception.BytePositionInLine ?? 0}; write one JSON object per row",
    };

    private static ChatExample Read(JsonElement json, FieldTally unread)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("it is not a JSON object; write {\"messages\": [{\"role\": …, \"content\": …}, …]}");
        }

        var row = json.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null).ToDictionary(field => field.Name, field => field.Value, StringComparer.Ordinal);
        var format = ChatFormats.Of(row, unread);
        var messages = WithSystem(row, [.. format.Read(row)]);
        foreach (var message in messages)
        {
            Check(message);
        }

        if (messages.Count == 0)
        {
            throw new FormatException("it has no messages");
        }

        var facts = row.TryGetValue("slots", out var slots) ? Facts(slots) : [];
        return new ChatExample([.. messages.Select(message => WithFacts(message, facts.Values))], facts)
        {
            Tools = row.TryGetValue("tools", out var tools) ? Objects(tools, "tools") : null,
            Documents = row.TryGetValue("documents", out var documents) ? Objects(documents, "documents") : null,
            TemplateArguments = row.TryGetValue("chat_template_kwargs", out var arguments) ? Arguments(arguments) : null,
        };
    }

    private static IReadOnlyList<ChatMessage> WithSystem(Dictionary<string, JsonElement> row, IReadOnlyList<ChatMessage> messages)
    {
        if (!row.TryGetValue("system", out var field) || ChatFormats.Text(field, "system") is not { Length: > 0 } system)
        {
            return messages;
        }

        return messages is [{ Role: ChatMessage.System }, ..]
            ? throw new FormatException("it has the field 'system' and begins with a system message; keep one of them")
            : [new ChatMessage(ChatMessage.System, system), .. messages];
    }

    /// <summary>Refuses what no template would show, though it changes what the message says or whether it counts.</summary>
    private static void Check(ChatMessage message)
    {
        if (message.Content is null && message.Parts is null && message.ToolCalls is null)
        {
            throw new FormatException("a message has no content; write \"content\": \"…\", or \"tool_calls\"");
        }

        if (message.Parts?.FirstOrDefault(part => !IsText(part.Json)) is { } other)
        {
            throw new FormatException($"a message has a part of the type {ChatFormats.Names([other.Json.TryGetProperty("type", out var type) ? type.ToString() : ""])}, and the models here read text alone; leave such rows out");
        }

        foreach (var (name, value) in message.OtherFields ?? new Dictionary<string, JsonElement>())
        {
            if (value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            switch (name)
            {
                case "function_call":
                    throw new FormatException("a message has 'function_call', the older form of tool calls; write \"tool_calls\": [{\"type\": \"function\", \"function\": {…}}]");
                case "tool_calls":
                    throw new FormatException("a message has 'tool_calls' that are not a list; write [{\"type\": \"function\", \"function\": {…}}]");
                case "weight" when !(value.ValueKind == JsonValueKind.Number && value.GetDouble() == 1):
                    throw new FormatException("a message has a 'weight' other than 1, and every message of the assistant counts alike; remove it, or the message");
            }
        }
    }

    private static bool IsText(JsonElement part) =>
        part.ValueKind == JsonValueKind.String || (part.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("text"));

    private static Dictionary<string, string> Facts(JsonElement slots)
    {
        var facts = new Dictionary<string, string>();
        if (slots.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("its \"slots\" are not an object of texts by name");
        }

        foreach (var slot in slots.EnumerateObject().Where(slot => slot.Value.ValueKind != JsonValueKind.Null))
        {
            var fact = slot.Value.ValueKind == JsonValueKind.String ? slot.Value.GetString()! : throw new FormatException($"its slot {ChatFormats.Names([slot.Name])} is not a text");
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

    /// <summary>A list of objects, or the text of one, as some tools write it; null if it is empty.</summary>
    private static IReadOnlyList<JsonElement>? Objects(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            if (ChatFormats.Text(value, name) is not { Length: > 0 } text)
            {
                return null;
            }

            try
            {
                using var document = JsonDocument.Parse(text, _options);
                return Objects(document.RootElement.Clone(), name);
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException)
            {
                throw new FormatException($"its \"{name}\" is a text that is not JSON", exception);
            }
        }

        var objects = ChatFormats.List(value, name).Select(item => item.ValueKind == JsonValueKind.Object ? item.Clone() : throw new FormatException($"its \"{name}\" are not objects")).ToArray();
        return objects.Length > 0 ? objects : null;
    }

    private static Dictionary<string, object?> Arguments(JsonElement value)
    {
        var arguments = value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().ToDictionary(argument => argument.Name, argument => (object?)argument.Value.Clone(), StringComparer.Ordinal)
            : throw new FormatException("its \"chat_template_kwargs\" are not an object");
        return ChatArguments.Taken(arguments.Keys) is null
            ? arguments
            : throw new FormatException($"its \"chat_template_kwargs\" name {ChatFormats.Names(arguments.Keys.Where(name => ChatArguments.Taken([name]) is not null))}, which the row and the program give themselves; write \"tools\" and \"documents\" as fields of the row, and remove the rest");
    }
}
