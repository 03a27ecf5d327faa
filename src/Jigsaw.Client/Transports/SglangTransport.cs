using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Jigsaw.Client.Transports;

/// <summary>
/// SGLang's native <c>/generate</c> with <c>input_embeds</c>: numbers as JSON text, about four times as many bytes as vLLM's. The server must run with <c>--disable-radix-cache</c>
/// and <c>--chunked-prefill-size -1</c>; <see cref="ServerOptions.Model"/> is sent as <c>lora_path</c>, the adapters' name, and not sent if it is empty.
/// </summary>
public sealed class SglangTransport : ICompletionTransport
{
    private readonly HttpClient _client;
    private readonly ServerOptions _server;

    /// <summary>Talks to a server.</summary>
    /// <param name="client">Sends the requests; its own timeout should be infinite, since <see cref="ServerOptions.Patience"/> is watched.</param>
    /// <param name="server">Where the server is.</param>
    public SglangTransport(HttpClient client, ServerOptions server)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(server);
        (_client, _server) = (client, server);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<CompletionPart> StreamAsync(IReadOnlyList<TransformedPrompt> prompts, CompletionOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (options.Seed is not null)
        {
            throw new ArgumentException("Seed is given, and SGLang has none for a request; leave it null.", nameof(options));
        }

        // One deadline for all.
        var started = Stopwatch.GetTimestamp();

        // One request for each: the events of a batch don't say whose they are in every version.
        for (var index = 0; index < prompts.Count; index++)
        {
            var (said, reason) = ("", (string?)null);
            await foreach (var data in new EventStreamRequest(_client, _server, "generate", Body(prompts[index], options), ServerOptions.MostBytes(options, options.MaxTokens), started).SendAsync(cancellationToken).ConfigureAwait(false))
            {
                if (data == "[DONE]")
                {
                    break;
                }

                var part = Part(data, index, ref said);
                reason = part.FinishReason ?? reason;
                yield return part;
            }

            if (reason is null)
            {
                throw new TransportException($"The server at {_server.Name} ended its answer before the reply had ended; ask again.");
            }
        }
    }

    /// <summary>The request's JSON.</summary>
    internal byte[] Body(TransformedPrompt prompt, CompletionOptions options)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartArray("input_embeds");
            var numbers = prompt.ToSingles();
            for (var row = 0; row < prompt.TokenCount; row++)
            {
                json.WriteStartArray();
                foreach (var number in numbers.AsSpan(row * prompt.Features, prompt.Features))
                {
                    json.WriteNumberValue(number);
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteStartObject("sampling_params");
            json.WriteNumber("max_new_tokens", options.MaxTokens);
            VllmTransport.Write(json, options, "top_k", seed: null);
            if (options.StopTokenIds.Count > 0)
            {
                json.WriteStartArray("stop_token_ids");
                foreach (var id in options.StopTokenIds)
                {
                    json.WriteNumberValue(id);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
            if (_server.Model.Length > 0)
            {
                json.WriteString("lora_path", _server.Model);
            }

            json.WriteBoolean("stream", true);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    // Each event has the whole text so far.
    private CompletionPart Part(string data, int index, ref string said)
    {
        try
        {
            using var document = JsonDocument.Parse(data);
            if (!document.RootElement.TryGetProperty("text", out var text) || !document.RootElement.TryGetProperty("meta_info", out var meta))
            {
                throw new TransportException($"The server at {_server.Name} answered: {EventStreamRequest.ErrorText(data)}");
            }

            var whole = text.GetString() ?? "";
            if (!whole.StartsWith(said, StringComparison.Ordinal) && !said.StartsWith(whole, StringComparison.Ordinal))
            {
                throw new TransportException($"The server at {_server.Name} sent a text that doesn't go on from the one before; start it without --stream-output, so that each event has the whole text.");
            }

            // The last text may be shorter, without the stop text: what was said stays said.
            var added = whole.Length > said.Length ? whole[said.Length..] : "";
            said = whole.Length > said.Length ? whole : said;
            int? Count(string name) => meta.TryGetProperty(name, out var count) && count.ValueKind == JsonValueKind.Number ? count.GetInt32() : null;
            var reason = meta.TryGetProperty("finish_reason", out var finish) ? finish.ValueKind switch
            {
                JsonValueKind.Object when finish.TryGetProperty("type", out var type) => type.GetString(),
                JsonValueKind.String => finish.GetString(),
                _ => null,
            } : null;
            return new CompletionPart { Index = index, Text = added, FinishReason = reason, PromptTokens = reason is null ? null : Count("prompt_tokens"), CompletionTokens = reason is null ? null : Count("completion_tokens") };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new TransportException($"The server at {_server.Name} sent an event that is not SGLang's; is it an SGLang server?", innerException: exception);
        }
    }
}
