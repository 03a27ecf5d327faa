using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Jigsaw.Client.Transports;

/// <summary>
/// vLLM's OpenAI-compatible Completions with <c>prompt_embeds</c>. The server must run with <c>--enable-prompt-embeds</c>, in a version from 0.26.0 on (docs/serving.md has the reasons).
/// </summary>
public sealed class VllmTransport : ICompletionTransport
{
    private const int RestOfBody = 1024;

    private readonly HttpClient _client;
    private readonly ServerOptions _server;

    /// <summary>Talks to a server.</summary>
    /// <param name="client">Sends the requests; its own timeout should be infinite, since <see cref="ServerOptions.Patience"/> is watched.</param>
    /// <param name="server">Where the server is.</param>
    public VllmTransport(HttpClient client, ServerOptions server)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(server);
        (_client, _server) = (client, server);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<CompletionPart> StreamAsync(IReadOnlyList<TransformedPrompt> prompts, CompletionOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var body = Body(prompts, options);
        var ended = new HashSet<int>();
        await foreach (var data in new EventStreamRequest(_client, _server, "v1/completions", body, ServerOptions.MostBytes(options, prompts.Count), Stopwatch.GetTimestamp()).SendAsync(cancellationToken).ConfigureAwait(false))
        {
            if (data == "[DONE]")
            {
                break;
            }

            foreach (var part in Parts(data, prompts.Count))
            {
                if (part.FinishReason is not null)
                {
                    ended.Add(part.Index);
                }

                yield return part;
            }
        }

        if (ended.Count < prompts.Count)
        {
            throw new TransportException($"The server at {_server.Name} ended its answer before {prompts.Count - ended.Count} of {prompts.Count} replies had ended; ask again.");
        }
    }

    /// <summary>The request's JSON.</summary>
    internal ReadOnlyMemory<byte> Body(IReadOnlyList<TransformedPrompt> prompts, CompletionOptions options)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(options);
        if (prompts.Count == 0)
        {
            throw new ArgumentException("There is no prompt to send; give at least one.", nameof(prompts));
        }

        options.Validate();
        var tensors = prompts.Select(TorchTensorFile.Write).ToArray();

        // Large enough at once: a prompt is megabytes, and growing would hold it several times.
        var buffer = new ArrayBufferWriter<byte>(tensors.Sum(tensor => Base64.GetMaxEncodedToUtf8Length(tensor.Length)) + RestOfBody);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", _server.Model);
            json.WriteNull("prompt");
            if (prompts.Count == 1)
            {
                json.WriteBase64String("prompt_embeds", tensors[0]);
            }
            else
            {
                json.WriteStartArray("prompt_embeds");
                foreach (var tensor in tensors)
                {
                    json.WriteBase64StringValue(tensor);
                }

                json.WriteEndArray();
            }

            json.WriteNumber("max_tokens", options.MaxTokens);
            Write(json, options, "top_k", "seed");
            if (options.StopTokenIds.Count > 0)
            {
                json.WriteStartArray("stop_token_ids");
                foreach (var id in options.StopTokenIds)
                {
                    json.WriteNumberValue(id);
                }

                json.WriteEndArray();
            }

            // Prompts of one conversation begin with the same bytes, and may share the server's cache; others must not learn from its timing that they do.
            json.WriteString("cache_salt", prompts.Count == 1 ? prompts[0].CacheSalt : Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
            json.WriteBoolean("stream", true);
            json.WriteStartObject("stream_options");
            json.WriteBoolean("include_usage", true);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>The numbers and stop texts that are given, under OpenAI's names.</summary>
    internal static void Write(Utf8JsonWriter json, CompletionOptions options, string topK, string? seed)
    {
        void Number(string name, double? value)
        {
            if (value is { } number)
            {
                json.WriteNumber(name, number);
            }
        }

        Number("temperature", options.Temperature);
        Number("top_p", options.TopP);
        Number("frequency_penalty", options.FrequencyPenalty);
        Number("presence_penalty", options.PresencePenalty);
        if (options.TopK is { } k)
        {
            json.WriteNumber(topK, k);
        }

        if (seed is not null && options.Seed is { } number)
        {
            json.WriteNumber(seed, number);
        }

        if (options.Stop.Count > 0)
        {
            json.WriteStartArray("stop");
            foreach (var stop in options.Stop)
            {
                json.WriteStringValue(stop);
            }

            json.WriteEndArray();
        }
    }

    private List<CompletionPart> Parts(string data, int prompts)
    {
        var parts = new List<CompletionPart>();
        try
        {
            using var document = JsonDocument.Parse(data);
            var root = document.RootElement;
            if (root.TryGetProperty("error", out _) || !root.TryGetProperty("choices", out var choices))
            {
                throw new TransportException($"The server at {_server.Name} answered in the middle of a reply: {EventStreamRequest.ErrorText(data)}");
            }

            var usage = root.TryGetProperty("usage", out var counts) && counts.ValueKind == JsonValueKind.Object ? counts : default;
            foreach (var choice in choices.EnumerateArray())
            {
                var index = choice.TryGetProperty("index", out var place) ? place.GetInt32() : 0;
                if (index < 0 || index >= prompts)
                {
                    throw new TransportException(string.Create(CultureInfo.InvariantCulture, $"The server at {_server.Name} answered prompt {index} of {prompts}; is it an OpenAI-compatible server?"));
                }

                parts.Add(new CompletionPart
                {
                    Index = index,
                    Text = choice.TryGetProperty("text", out var text) ? text.GetString() ?? "" : "",
                    FinishReason = choice.TryGetProperty("finish_reason", out var reason) && reason.GetString() is { Length: > 0 } word ? word : null,
                });
            }

            if (usage.ValueKind == JsonValueKind.Object)
            {
                parts.Add(new CompletionPart { PromptTokens = Count(usage, "prompt_tokens"), CompletionTokens = Count(usage, "completion_tokens") });
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new TransportException($"The server at {_server.Name} sent an event that is not a completion's; is it an OpenAI-compatible server?", innerException: exception);
        }

        return parts;
    }

    private static int? Count(JsonElement usage, string name) => usage.TryGetProperty(name, out var count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt32(out var number) ? number : null;
}
