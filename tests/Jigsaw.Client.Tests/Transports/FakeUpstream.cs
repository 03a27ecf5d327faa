using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Jigsaw.Client.Tests.Transports;

/// <summary>A server that checks vLLM's contract as vLLM does, and replies with what it saw: the sum of a prompt's bytes, so no two replies are mixed up unseen.</summary>
internal sealed class FakeUpstream : IAsyncDisposable
{
    private readonly WebApplication _application;

    private FakeUpstream(WebApplication application, int features)
    {
        _application = application;
        Features = features;
    }

    public int Features { get; }

    /// <summary>What a request is answered with instead, by its number from 1; null answers it.</summary>
    public Func<int, HttpContext, Task<bool>>? Instead { get; set; }

    /// <summary>The bodies that came, in their order.</summary>
    public ConcurrentQueue<byte[]> Bodies { get; } = new();

    /// <summary>Requests that were broken off by their sender.</summary>
    public int Aborted;

    public Uri Address => new(_application.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<FakeUpstream> StartAsync(int features)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 64 << 20);
        var application = builder.Build();
        var upstream = new FakeUpstream(application, features);
        application.MapPost("/v1/completions", upstream.AnswerAsync);
        await application.StartAsync();
        return upstream;
    }

    /// <summary>The reply to a prompt.</summary>
    public static string ReplyTo(ReadOnlySpan<byte> rows)
    {
        var sum = 0L;
        foreach (var value in rows)
        {
            sum = (sum * 31) + value;
        }

        return $"I saw {rows.Length} bytes, {sum}.";
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var copy = new MemoryStream();
        await context.Request.Body.CopyToAsync(copy);
        Bodies.Enqueue(copy.ToArray());
        if (Instead is { } instead && await instead(Bodies.Count, context))
        {
            return;
        }

        var body = JsonDocument.Parse(copy.ToArray()).RootElement;
        string[] encoded = body.GetProperty("prompt_embeds").ValueKind == JsonValueKind.Array
            ? [.. body.GetProperty("prompt_embeds").EnumerateArray().Select(item => item.GetString()!)]
            : [body.GetProperty("prompt_embeds").GetString()!];
        var replies = new List<string>();
        foreach (var base64 in encoded)
        {
            try
            {
                var tensor = TorchTensorReader.Read(Convert.FromBase64String(base64));
                if (tensor.Shape is not [_, var width] || width != Features)
                {
                    throw new InvalidDataException($"prompt_embeds has hidden size {tensor.Shape[^1]}, the model's is {Features}");
                }

                replies.Add(ReplyTo(tensor.Bytes));
            }
            catch (InvalidDataException exception)
            {
                context.Response.StatusCode = 400;
                await context.Response.WriteAsync(JsonSerializer.Serialize(new { error = new { message = exception.Message, code = 400 } }));
                return;
            }
        }

        if (!body.TryGetProperty("max_tokens", out _) || body.GetProperty("cache_salt").GetString() is not { Length: >= 40 })
        {
            context.Response.StatusCode = (int)HttpStatusCode.UnprocessableEntity;
            return;
        }

        context.Response.ContentType = "text/event-stream";
        context.RequestAborted.Register(() => Interlocked.Increment(ref Aborted));
        async Task EventAsync(object data)
        {
            await context.Response.WriteAsync($"data: {JsonSerializer.Serialize(data)}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }

        for (var index = replies.Count - 1; index >= 0; index--)
        {
            foreach (var piece in replies[index].Chunk(7))
            {
                await EventAsync(new { choices = new[] { new { index, text = new string(piece), finish_reason = (string?)null } } });
            }

            await EventAsync(new { choices = new[] { new { index, text = "", finish_reason = "stop" } } });
        }

        await EventAsync(new { choices = Array.Empty<object>(), usage = new { prompt_tokens = 3, completion_tokens = 5, total_tokens = 8 } });
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("data: [DONE]\n\n"));
    }
}
