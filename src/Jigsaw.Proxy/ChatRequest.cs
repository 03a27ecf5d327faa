using System.Text.Json;
using Jigsaw.Client.Transports;
using Jigsaw.Tokenization;

namespace Jigsaw.Proxy;

/// <summary>A request of OpenAI's chat completions. What the proxy can't do is refused by its name; what has no effect on a reply is read over.</summary>
/// <param name="Messages">The conversation.</param>
/// <param name="Options">What is asked of the server.</param>
/// <param name="Stream">True if the reply is sent piece by piece.</param>
/// <param name="IncludeUsage">True if the last piece of a stream has the counts.</param>
/// <param name="User">The caller's own user, who shares no conversation with another; empty if it isn't said.</param>
internal sealed record ChatRequest(IReadOnlyList<ChatMessage> Messages, CompletionOptions Options, bool Stream, bool IncludeUsage, string User)
{
    private const int MostMessages = 10_000;

    private static readonly string[] _refused = ["tools", "functions", "tool_choice", "function_call", "response_format", "logprobs", "top_logprobs", "logit_bias", "chat_template_kwargs", "repetition_penalty", "min_p", "reasoning_effort", "guided_json", "guided_regex", "guided_choice", "guided_grammar", "structured_outputs", "audio", "modalities", "prediction", "web_search_options"];

    /// <summary>Reads a request.</summary>
    /// <exception cref="RefusedException">It is not one, or asks for what isn't there.</exception>
    public static ChatRequest Read(JsonElement root, ProxyOptions options)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Bad("The body is not a JSON object.");
        }

        if (root.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.String && model.GetString() != options.PublicModel)
        {
            throw new RefusedException(404, "model_not_found", $"There is no such model here; the one that is served is '{options.PublicModel}'.");
        }

        foreach (var name in _refused)
        {
            if (root.TryGetProperty(name, out var value) && !IsNothing(value))
            {
                throw new RefusedException(400, "unsupported_parameter", $"'{name}' is not supported: the server sees embeddings alone, and this proxy reads replies as text; leave it out.");
            }
        }

        if (options.UpstreamKind == "sglang" && root.TryGetProperty("seed", out var seed) && seed.ValueKind != JsonValueKind.Null)
        {
            throw new RefusedException(400, "unsupported_parameter", "'seed' is not supported by the server; leave it out.");
        }

        if (Whole(root, "n") is { } n and not 1)
        {
            throw new RefusedException(400, "unsupported_parameter", $"'n' is {n}; ask for one reply at a time.");
        }

        var streams = Truth(root, "stream") ?? false;
        return new ChatRequest(
            ReadMessages(root),
            new CompletionOptions
            {
                MaxTokens = Math.Min(Whole(root, "max_completion_tokens") ?? Whole(root, "max_tokens") ?? options.MaxReplyTokens, options.MaxReplyTokens),
                Temperature = Number(root, "temperature"),
                TopP = Number(root, "top_p"),
                TopK = Whole(root, "top_k") is { } k and > 0 ? k : null,
                FrequencyPenalty = Number(root, "frequency_penalty"),
                PresencePenalty = Number(root, "presence_penalty"),
                Seed = Long(root, "seed"),
                Stop = ReadStop(root),
            },
            streams,
            streams && root.TryGetProperty("stream_options", out var stream) && stream.ValueKind == JsonValueKind.Object && (Truth(stream, "include_usage") ?? false),
            root.TryGetProperty("user", out var user) && user.ValueKind == JsonValueKind.String ? Text(user, "'user'") : "");
    }

    private static List<ChatMessage> ReadMessages(JsonElement root)
    {
        if (!root.TryGetProperty("messages", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MostMessages)
        {
            throw Bad($"'messages' must be a list of 1 to {MostMessages} messages.");
        }

        var messages = new List<ChatMessage>();
        foreach (var message in list.EnumerateArray())
        {
            var place = $"messages[{messages.Count}]";
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("role", out var role) || role.ValueKind != JsonValueKind.String)
            {
                throw Bad($"{place} has no 'role'.");
            }

            if (message.TryGetProperty("tool_calls", out var calls) && !IsNothing(calls))
            {
                throw new RefusedException(400, "unsupported_parameter", $"{place} has 'tool_calls', which are not supported; send texts alone.");
            }

            var name = Text(role, place);
            if (name is not ("system" or "developer" or "user" or "assistant"))
            {
                throw new RefusedException(400, "unsupported_value", $"The role of {place} is not system, developer, user or assistant.");
            }

            messages.Add(new ChatMessage(name == "developer" ? "system" : name, ReadContent(message, place)));
        }

        return messages;
    }

    private static string ReadContent(JsonElement message, string place)
    {
        if (!message.TryGetProperty("content", out var content))
        {
            throw Bad($"{place} has no 'content'.");
        }

        if (content.ValueKind == JsonValueKind.String)
        {
            return Text(content, place);
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            throw Bad($"The content of {place} is neither a text nor a list of parts.");
        }

        return string.Concat(content.EnumerateArray().Select((part, i) =>
            part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("text"u8)
            && part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String
                ? Text(text, place)
                : throw new RefusedException(400, "unsupported_value", $"Part {i} of the content of {place} is not a text; images, audio and files are not supported.")));
    }

    private static string[] ReadStop(JsonElement root)
    {
        if (!root.TryGetProperty("stop", out var stop) || stop.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return stop.ValueKind switch
        {
            JsonValueKind.String => [Text(stop, "'stop'")],
            JsonValueKind.Array when stop.GetArrayLength() <= 16 && stop.EnumerateArray().All(text => text.ValueKind == JsonValueKind.String) => [.. stop.EnumerateArray().Select(text => Text(text, "'stop'"))],
            _ => throw Bad("'stop' is neither a text nor a list of at most 16 texts."),
        };
    }

    private static string Text(JsonElement text, string place)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Bad($"{place} has half of a surrogate pair, which is not text.");
        }
    }

    private static bool IsNothing(JsonElement value) => value.ValueKind is JsonValueKind.Null or JsonValueKind.False
        || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0)
        || (value.ValueKind == JsonValueKind.String && (value.ValueEquals("none"u8) || value.ValueEquals("auto"u8)))
        || (value.ValueKind == JsonValueKind.Object && (!value.EnumerateObject().Any() || (value.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("text"u8))));

    private static int? Whole(JsonElement root, string name) => !root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number
        : throw Bad($"'{name}' is not a whole number.");

    private static long? Long(JsonElement root, string name) => !root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number
        : throw Bad($"'{name}' is not a whole number.");

    private static double? Number(JsonElement root, string name) => !root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number
        : throw Bad($"'{name}' is not a number.");

    private static bool? Truth(JsonElement root, string name) => !root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Bad($"'{name}' is neither true nor false.");

    private static RefusedException Bad(string message) => new(400, "invalid_value", message);
}
