using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Jigsaw.Client.Transports;

/// <summary>A request that is answered by server-sent events, with tries, patience, a deadline and the server's own error texts.</summary>
internal sealed class EventStreamRequest(HttpClient client, ServerOptions server, string route, ReadOnlyMemory<byte> body, long mostBytes, long started)
{
    private const int MostErrorCharacters = 2000;
    private const int MostDoublings = 10;

    private static readonly HttpStatusCode[] _passing = [HttpStatusCode.RequestTimeout, HttpStatusCode.TooManyRequests, HttpStatusCode.BadGateway, HttpStatusCode.ServiceUnavailable, HttpStatusCode.GatewayTimeout];

    /// <summary>Sends it, and gives the data of each event.</summary>
    /// <exception cref="TransportException">The server can't be reached, refuses, or breaks off.</exception>
    public async IAsyncEnumerable<string> SendAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Left());
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        using var response = await AnswerAsync(silence, deadline.Token, cancellationToken).ConfigureAwait(false);
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        var events = SseParser.Create(new BoundedStream(stream, mostBytes)).EnumerateAsync(silence.Token).GetAsyncEnumerator(silence.Token);
        await using var ending = events.ConfigureAwait(false);
        while (true)
        {
            silence.CancelAfter(server.Patience);
            try
            {
                if (!await events.MoveNextAsync().ConfigureAwait(false))
                {
                    break;
                }
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException)
            {
                throw new TransportException($"The server at {server.Name} broke off in the middle of a reply ({exception.Message}); ask again.", innerException: exception);
            }
            catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
            {
                throw Silent(exception, deadline.Token);
            }

            // The consumer's time is not the server's silence, and counts in the deadline alone.
            silence.CancelAfter(Timeout.InfiniteTimeSpan);
            yield return events.Current.Data;
        }
    }

    private async Task<HttpResponseMessage> AnswerAsync(CancellationTokenSource silence, CancellationToken deadline, CancellationToken cancellationToken)
    {
        TransportException? failure = null;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                silence.CancelAfter(server.Patience);
                using var request = Request();
                var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                {
                    return response;
                }

                using (response)
                {
                    failure = await RefusalAsync(response, silence.Token).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
            {
                throw Silent(failure ?? (Exception)exception, deadline);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                failure = new TransportException($"The server at {server.Name} can't be reached ({exception.Message}).", innerException: exception);
            }

            if (attempt >= server.Attempts || (failure.StatusCode is { } status && !_passing.Contains(status)))
            {
                throw failure;
            }

            silence.CancelAfter(Timeout.InfiniteTimeSpan);
            var wait = failure.RetryAfter is { } asked && asked <= server.Patience ? asked : server.RetryDelay * Math.Pow(2, Math.Min(attempt - 1, MostDoublings));
            try
            {
                await Task.Delay(wait, silence.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw Late(failure);
            }
        }
    }

    private HttpRequestMessage Request()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(server.Address.AbsoluteUri.TrimEnd('/') + "/"), route))
        {
            Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (server.ApiKey is { } key)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        foreach (var (name, value) in server.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private async Task<TransportException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        var buffer = new byte[16 << 10];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var said = ErrorText(Encoding.UTF8.GetString(buffer, 0, length));
        return new TransportException($"The server at {server.Name} answered {(int)response.StatusCode}{(said.Length == 0 ? "" : $": {said}")}", response.StatusCode)
        {
            RetryAfter = response.Headers.RetryAfter?.Delta ?? (response.Headers.RetryAfter?.Date is { } date && date > DateTimeOffset.UtcNow ? date - DateTimeOffset.UtcNow : null),
        };
    }

    /// <summary>The message in an error of OpenAI's, vLLM's or SGLang's shape, or the body's beginning.</summary>
    internal static string ErrorText(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            foreach (var holder in (JsonElement[])[document.RootElement, document.RootElement.TryGetProperty("error", out var error) ? error : default])
            {
                if (holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String)
                {
                    body = message.GetString()!;
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not JSON: the text itself says what is wrong.
        }

        body = body.ReplaceLineEndings(" ").Trim();
        return body.Length <= MostErrorCharacters ? body : body[..MostErrorCharacters] + "…";
    }

    /// <summary>What is left of the deadline.</summary>
    private TimeSpan Left()
    {
        var left = server.Deadline - Stopwatch.GetElapsedTime(started);
        return server.Deadline == Timeout.InfiniteTimeSpan ? server.Deadline : left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private TransportException Late(Exception exception) =>
        new($"The request to the server at {server.Name} took more than {server.Deadline.TotalSeconds:0.###} seconds in all, tries included{(exception is TransportException last ? $"; the last one said: {last.Message}" : "")}; ask for a shorter reply, or raise {nameof(ServerOptions.Deadline)}.", innerException: exception);

    private TransportException Silent(Exception exception, CancellationToken deadline) => deadline.IsCancellationRequested ? Late(exception) : new($"The server at {server.Name} was silent for {server.Patience.TotalSeconds:0.###} seconds; ask again, or raise {nameof(ServerOptions.Patience)}.", innerException: exception);
}
