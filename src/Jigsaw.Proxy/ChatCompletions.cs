using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Jigsaw.Checkpoints;
using Jigsaw.Client;
using Jigsaw.Client.Transports;
using Jigsaw.Tokenization;

namespace Jigsaw.Proxy;

/// <summary>OpenAI's chat completions: transforms a conversation, asks the server, and answers in OpenAI's shape.</summary>
internal sealed partial class ChatCompletions(ProxyOptions options, PromptTransform transform, ICompletionTransport transport, ConversationStore store, ProxyTelemetry telemetry, ILogger<ChatCompletions> log)
{
    private const int MostCharactersOfAToken = 64;

    private static readonly SemaphoreSlim _cores = new(Environment.ProcessorCount);
    private static readonly JsonDocumentOptions _strict = new() { MaxDepth = 32 };

    /// <summary>Answers a request.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        using var activity = telemetry.Begin();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        deadline.CancelAfter(TimeSpan.FromSeconds(options.DeadlineSeconds));
        try
        {
            var request = await ReadAsync(context.Request, deadline.Token);
            var prompt = await TransformAsync(request, context, activity, deadline.Token);
            var asked = request.Options with { StopTokenIds = transform.StopTokenIds };
            await (request.Stream ? StreamAsync(context, request, prompt, asked, deadline.Token) : WholeAsync(context, prompt, asked, deadline.Token));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller went away: there is nobody to answer.
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            await FailAsync(context, activity, new RefusedException(504, "deadline_exceeded", string.Create(CultureInfo.InvariantCulture, $"The request took more than {options.DeadlineSeconds} seconds in all; ask for a shorter reply, or try again later.")));
        }
        catch (Exception exception) when (exception is RefusedException or TransportException or BadHttpRequestException)
        {
            await FailAsync(context, activity, exception);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // By its kind alone: a message may quote what it is about.
            Broken(log, exception.GetType().Name);
            await FailAsync(context, activity, new RefusedException(500, "server_error", "The proxy failed; its log names the kind of the error."));
        }
    }

    private static async Task<JsonDocument> ParseAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await JsonDocument.ParseAsync(request.Body, _strict, cancellationToken);
        }
        catch (JsonException exception)
        {
            // Of the parser's message only the place: the rest quotes the body.
            throw new RefusedException(400, "invalid_json", $"The body is not JSON in UTF-8 (line {(exception.LineNumber ?? 0) + 1}, byte {(exception.BytePositionInLine ?? 0) + 1}).");
        }
    }

    private async Task<ChatRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var document = await ParseAsync(request, cancellationToken);
        ChatRequest read;
        try
        {
            read = ChatRequest.Read(document.RootElement, options);
            read.Options.Validate();
        }
        catch (ArgumentException exception)
        {
            throw new RefusedException(400, "invalid_value", exception.Message);
        }
        catch (InvalidOperationException)
        {
            throw new RefusedException(400, "invalid_value", "A name or a text of the request has half of a surrogate pair, which is not text.");
        }

        return read;
    }

    private async Task<TransformedPrompt> TransformAsync(ChatRequest request, HttpContext context, Activity? activity, CancellationToken cancellationToken)
    {
        var characters = request.Messages.Sum(message => (long)(message.Content?.Length ?? 0));
        if (characters > (long)options.MaxPromptTokens * MostCharactersOfAToken)
        {
            throw new RefusedException(400, "context_length_exceeded", $"The messages have {characters} characters, more than {options.MaxPromptTokens} tokens can be; send less of the conversation.");
        }

        // As many at a time as there are cores: more would only make each other slower.
        await _cores.WaitAsync(cancellationToken);
        try
        {
            var start = Stopwatch.GetTimestamp();
            var tokens = Tokenize(request);
            if (tokens.Ids.Count > options.MaxPromptTokens)
            {
                throw new RefusedException(400, "context_length_exceeded", $"The prompt has {tokens.Ids.Count} tokens, and {options.MaxPromptTokens} is the most; send less of the conversation.");
            }

            var prompt = transform.Transform([.. tokens.Ids], [.. tokens.Noise], store.Of($"{context.Items[CallerKey.Item]}\n{request.User}", request.Messages));
            telemetry.Transformed(activity, prompt.TokenCount, prompt.FreshTokenCount, Stopwatch.GetElapsedTime(start));
            return prompt;
        }
        finally
        {
            _cores.Release();
        }
    }

    private TokenizedChat Tokenize(ChatRequest request)
    {
        try
        {
            return transform.Tokenize(request.Messages);
        }
        catch (Exception exception) when (exception is ArgumentException or CheckpointException)
        {
            // The template's own sentence may quote a message; the kind says enough.
            throw new RefusedException(400, "invalid_value", exception.Message.StartsWith("No token of the conversation is transformed", StringComparison.Ordinal)
                ? "No token of the conversation is transformed, so it would be sent as it is; send a message of a role that the bundle names."
                : "The chat template refuses the conversation; check the order of roles, and that it ends with a message of the user.");
        }
    }

    private async Task WholeAsync(HttpContext context, TransformedPrompt prompt, CompletionOptions asked, CancellationToken cancellationToken)
    {
        var completion = await transport.CompleteAsync(prompt, asked, cancellationToken);
        context.Response.ContentType = "application/json";
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            Begin(json, NewId(), "chat.completion");
            json.WriteStartArray("choices");
            json.WriteStartObject();
            json.WriteNumber("index", 0);
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
            json.WriteString("content", completion.Text);
            json.WriteNull("refusal");
            json.WriteEndObject();
            json.WriteNull("logprobs");
            json.WriteString("finish_reason", completion.FinishReason);
            json.WriteEndObject();
            json.WriteEndArray();
            Usage(json, prompt.TokenCount, completion.CompletionTokens);
            json.WriteEndObject();
        }

        stream.Position = 0;
        context.Response.ContentLength = stream.Length;
        await stream.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private async Task StreamAsync(HttpContext context, ChatRequest request, TransformedPrompt prompt, CompletionOptions asked, CancellationToken cancellationToken)
    {
        var id = NewId();
        var (begun, count) = (false, (int?)null);
        await foreach (var part in transport.StreamAsync([prompt], asked, cancellationToken))
        {
            count = part.CompletionTokens ?? count;
            if (!begun)
            {
                // Only now: what fails before is answered with a status.
                context.Response.ContentType = "text/event-stream";
                context.Response.Headers.CacheControl = "no-cache";
                begun = true;
                await EventAsync(context, json => Chunk(json, id, "", null, first: true));
            }

            if (part.Text.Length > 0 || part.FinishReason is not null)
            {
                await EventAsync(context, json => Chunk(json, id, part.Text, part.FinishReason, first: false));
            }
        }

        if (request.IncludeUsage)
        {
            await EventAsync(context, json =>
            {
                Begin(json, id, "chat.completion.chunk");
                json.WriteStartArray("choices");
                json.WriteEndArray();
                Usage(json, prompt.TokenCount, count);
                json.WriteEndObject();
            });
        }

        await context.Response.Body.WriteAsync("data: [DONE]\n\n"u8.ToArray(), context.RequestAborted);
    }

    private async Task FailAsync(HttpContext context, Activity? activity, Exception exception)
    {
        var (status, code, message) = exception switch
        {
            RefusedException refused => (refused.Status, refused.Code, refused.Message),
            BadHttpRequestException { StatusCode: 413 } => (413, "body_too_large", $"The body has more than {options.MaxBodyBytes} bytes; send less, or raise MaxBodyBytes."),
            BadHttpRequestException bad => (bad.StatusCode, "invalid_request", "The request is not complete."),
            TransportException { StatusCode: HttpStatusCode.TooManyRequests } => (429, "rate_limit_exceeded", "The server has too many requests; try again later."),
            TransportException { StatusCode: HttpStatusCode.BadRequest } refused => (502, "server_error", refused.Message),

            // The rest may name what is between proxy and server: it is for the log.
            _ => (502, "server_error", "The server can't be reached, failed, or broke off; try again later."),
        };
        telemetry.Refused(activity, code);
        if (exception is TransportException upstream)
        {
            Upstream(log, upstream.Message);
        }

        Failed(log, status, code);
        if (!context.Response.HasStarted)
        {
            if (exception is TransportException { RetryAfter: { } wait })
            {
                context.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            }

            await OpenAiError.WriteAsync(context.Response, status, code, message);
            return;
        }

        // In the middle of a stream: an event says so, and without [DONE] no caller takes the reply for whole.
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"data: {Encoding.UTF8.GetString(OpenAiError.Json(code, message))}\n\n"), context.RequestAborted);
    }

    private void Begin(Utf8JsonWriter json, string id, string kind)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", kind);
        json.WriteNumber("created", DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        json.WriteString("model", options.PublicModel);
    }

    private void Chunk(Utf8JsonWriter json, string id, string text, string? reason, bool first)
    {
        Begin(json, id, "chat.completion.chunk");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteStartObject("delta");
        if (first)
        {
            json.WriteString("role", "assistant");
        }

        json.WriteString("content", text);
        json.WriteEndObject();
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", reason);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Usage(Utf8JsonWriter json, int promptTokens, int? completionTokens)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", promptTokens);
        json.WriteNumber("completion_tokens", completionTokens ?? 0);
        json.WriteNumber("total_tokens", (long)promptTokens + (completionTokens ?? 0));
        json.WriteEndObject();
    }

    private static async Task EventAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        stream.Write("data: "u8);
        using (var json = new Utf8JsonWriter(stream))
        {
            write(json);
        }

        stream.Write("\n\n"u8);
        await context.Response.Body.WriteAsync(stream.GetBuffer().AsMemory(0, (int)stream.Length), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private static string NewId() => $"chatcmpl-{Guid.NewGuid():N}";

    [LoggerMessage(Level = LogLevel.Error, Message = "A request ended in a {Kind}.")]
    private static partial void Broken(ILogger log, string kind);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private static partial void Upstream(ILogger log, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A request was answered {Status} ({Code}).")]
    private static partial void Failed(ILogger log, int status, string code);
}
