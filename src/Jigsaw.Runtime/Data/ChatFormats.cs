using System.Text.Json;
using Jigsaw.Tokenization;

namespace Jigsaw.Data;

/// <summary>The formats in which people keep chats. The fields of a row tell which it is; where several fit, the first.</summary>
internal static class ChatFormats
{
    /// <summary>What is known, as a sentence.</summary>
    public const string Known = "Known are messages (\"messages\"), ShareGPT (\"conversations\"), prompt and completion (\"prompt\" with \"completion\" or \"response\"), and Alpaca (\"instruction\" with \"output\").";

    private const int MostNames = 12;
    private const int MostCharacters = 40;

    private static readonly string[] _everywhere = ["system", "slots", "tools", "documents", "chat_template_kwargs"];

    /// <summary>Fields whose loss would change what a chat means.</summary>
    private static readonly string[] _refused = ["functions", "image", "images", "audio", "audios", "video", "videos"];

    private static readonly ChatFormat[] _all =
    [
        new("messages", ["messages"], [], row => Messages(row["messages"], "messages")),
        new("ShareGPT", ["conversations"], [], row => List(row["conversations"], "conversations").Select(ShareGptFormat.Message)),
        new("prompt and completion", ["prompt", "completion"], [], row => Prompt(row["prompt"], row["completion"], "completion")),
        new("prompt and response", ["prompt", "response"], [], row => Prompt(row["prompt"], row["response"], "response")),
        new("Alpaca", ["instruction", "output"], ["input", "history"], Alpaca),
    ];

    /// <summary>All fields that are read or refused: what else a row has is counted.</summary>
    public static IReadOnlySet<string> Fields { get; } = _all.SelectMany(format => format.Required.Concat(format.Optional)).Concat(_everywhere).Concat(_refused).ToHashSet(StringComparer.Ordinal);

    /// <summary>The format of a row with these fields; null if it is of none.</summary>
    public static ChatFormat? Find(IReadOnlyCollection<string> fields) => _all.FirstOrDefault(format => format.Required.All(fields.Contains));

    /// <summary>The format of a row.</summary>
    /// <param name="row">Its fields that are not null.</param>
    /// <param name="unread">Counts those that nothing reads.</param>
    /// <exception cref="FormatException">It is of none, or has a field that can't be read and must not be lost.</exception>
    public static ChatFormat Of(IReadOnlyDictionary<string, JsonElement> row, FieldTally unread)
    {
        var format = Find([.. row.Keys]) ?? throw new FormatException($"its fields are {Names(row.Keys)}. {Known}");
        foreach (var name in _refused.Where(row.ContainsKey))
        {
            throw new FormatException(name == "functions"
                ? "it has 'functions', the older form of tools; write \"tools\": [{\"type\": \"function\", \"function\": {…}}]"
                : $"it has '{name}', and the models here read text alone; leave such rows out");
        }

        foreach (var name in row.Keys.Where(name => !format.Required.Contains(name) && !format.Optional.Contains(name) && !_everywhere.Contains(name)))
        {
            unread.Add(name);
        }

        return format;
    }

    /// <summary>Some names of fields, for messages.</summary>
    public static string Names(IEnumerable<string> names)
    {
        var all = names.Select(name => $"'{(name.Length > MostCharacters ? name[..MostCharacters] + "…" : name)}'").ToArray();
        return all.Length == 0 ? "none" : string.Join(", ", all.Take(MostNames)) + (all.Length > MostNames ? $" and {all.Length - MostNames} more" : "");
    }

    /// <summary>The elements of a list.</summary>
    public static IEnumerable<JsonElement> List(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw new FormatException($"its \"{name}\" is not a list");

    /// <summary>A text.</summary>
    public static string Text(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String ? ChatJson.Text(value, $"the field '{name}'") : throw new FormatException($"its \"{name}\" is not a text");

    private static IEnumerable<ChatMessage> Messages(JsonElement value, string name) => List(value, name).Select(ChatMessage.FromJson);

    /// <summary>Texts, or lists of messages as TRL has them.</summary>
    private static IEnumerable<ChatMessage> Prompt(JsonElement prompt, JsonElement completion, string name) =>
        Side(prompt, "prompt", ChatMessage.User).Concat(Side(completion, name, ChatMessage.Assistant));

    private static IEnumerable<ChatMessage> Side(JsonElement value, string name, string role) => value.ValueKind switch
    {
        JsonValueKind.String => [new ChatMessage(role, Text(value, name))],
        JsonValueKind.Array => Messages(value, name),
        _ => throw new FormatException($"its \"{name}\" is neither a text nor a list of messages"),
    };

    private static IEnumerable<ChatMessage> Alpaca(IReadOnlyDictionary<string, JsonElement> row)
    {
        foreach (var turn in row.TryGetValue("history", out var history) ? List(history, "history") : [])
        {
            if (turn.ValueKind != JsonValueKind.Array || turn.GetArrayLength() != 2)
            {
                throw new FormatException("its \"history\" is not of pairs; write [[instruction, output], …]");
            }

            yield return new ChatMessage(ChatMessage.User, Text(turn[0], "history"));
            yield return new ChatMessage(ChatMessage.Assistant, Text(turn[1], "history"));
        }

        var instruction = Text(row["instruction"], "instruction");
        var input = row.TryGetValue("input", out var given) ? Text(given, "input") : string.Empty;
        yield return new ChatMessage(ChatMessage.User, input.Length == 0 ? instruction : $"{instruction}\n{input}");
        yield return new ChatMessage(ChatMessage.Assistant, Text(row["output"], "output"));
    }
}
