using System.Net;
using System.Text;
using System.Text.Json;
using Jigsaw.Client.Transports;
using Microsoft.AspNetCore.Http;

namespace Jigsaw.Client.Tests.Transports;

public sealed class VllmTransportTests
{
    private static readonly CompletionOptions _options = new() { MaxTokens = 20 };

    [Fact]
    public async Task A_batch_is_answered_prompt_by_prompt()
    {
        await using var upstream = await FakeUpstream.StartAsync(8);
        var prompts = new[] { Prompt(3, 8), Prompt(1, 8), Prompt(5, 8) };

        var replies = await Transport(upstream).CompleteAsync(prompts, _options with { Temperature = 0, Stop = ["END"], StopTokenIds = [2], Seed = 3, TopK = 5 });

        Assert.Equal(prompts.Select(prompt => FakeUpstream.ReplyTo(prompt.Bytes.Span)), replies.Select(reply => reply.Text));
        Assert.All(replies, reply => Assert.Equal(("stop", 5), (reply.FinishReason, reply.CompletionTokens)));
        var body = JsonDocument.Parse(upstream.Bodies.Single()).RootElement;
        Assert.Equal((20, 0, "adapters", 3, 5), (body.GetProperty("max_tokens").GetInt32(), body.GetProperty("temperature").GetInt32(), body.GetProperty("model").GetString(), body.GetProperty("seed").GetInt32(), body.GetProperty("top_k").GetInt32()));
        Assert.Equal("END", body.GetProperty("stop")[0].GetString());
        Assert.Equal(2, body.GetProperty("stop_token_ids")[0].GetInt32());
        Assert.False(body.TryGetProperty("top_p", out _));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task A_server_that_is_busy_gets_the_same_bytes_again(int status)
    {
        await using var upstream = await FakeUpstream.StartAsync(8);
        upstream.Instead = (number, context) =>
        {
            context.Response.StatusCode = number < 3 ? status : 200;
            return Task.FromResult(number < 3);
        };

        var reply = await Transport(upstream).CompleteAsync(Prompt(3, 8), _options);

        Assert.Equal(FakeUpstream.ReplyTo(Prompt(3, 8).Bytes.Span), reply.Text);
        Assert.Equal(3, upstream.Bodies.Count);
        Assert.All(upstream.Bodies, body => Assert.Equal(upstream.Bodies.First(), body));
    }

    [Fact]
    public async Task A_refusal_is_passed_on_in_the_servers_words_and_not_tried_again()
    {
        await using var upstream = await FakeUpstream.StartAsync(16);
        var refusal = await Assert.ThrowsAsync<TransportException>(() => Transport(upstream).CompleteAsync(Prompt(3, 8), _options));
        Assert.Equal(HttpStatusCode.BadRequest, refusal.StatusCode);
        Assert.Contains("prompt_embeds has hidden size 8, the model's is 16", refusal.Message, StringComparison.Ordinal);
        Assert.Single(upstream.Bodies);
    }

    [Fact]
    public async Task A_server_that_breaks_off_in_the_middle_is_an_error_and_not_a_short_reply()
    {
        await using var upstream = await FakeUpstream.StartAsync(8);
        foreach (var abrupt in (bool[])[true, false])
        {
            upstream.Instead = async (_, context) =>
            {
                context.Response.ContentType = "text/event-stream";
                await context.Response.WriteAsync("data: {\"choices\":[{\"index\":0,\"text\":\"Half a\"}]}\n\n");
                await context.Response.Body.FlushAsync();
                if (abrupt)
                {
                    await Task.Delay(200);
                    context.Abort();
                }

                return true;
            };
            var parts = new StringBuilder();
            await Assert.ThrowsAsync<TransportException>(async () =>
            {
                await foreach (var part in Transport(upstream).StreamAsync([Prompt(1, 8)], _options))
                {
                    parts.Append(part.Text);
                }
            });
            Assert.Equal("Half a", parts.ToString());
        }
    }

    [Fact]
    public async Task A_silent_server_is_given_up()
    {
        await using var upstream = await FakeUpstream.StartAsync(8);
        upstream.Instead = async (_, context) =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        using var client = new HttpClient();
        var impatient = new VllmTransport(client, Options(upstream) with { Patience = TimeSpan.FromMilliseconds(200) });
        Assert.Contains("silent", (await Assert.ThrowsAsync<TransportException>(() => impatient.CompleteAsync(Prompt(1, 8), _options))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_ends_at_its_deadline_with_all_tries_and_pieces()
    {
        await using var upstream = await FakeUpstream.StartAsync(8);
        using var client = new HttpClient();
        var brief = new VllmTransport(client, Options(upstream) with { Attempts = 1000, RetryDelay = TimeSpan.FromMilliseconds(20), Deadline = TimeSpan.FromMilliseconds(600) });
        upstream.Instead = (_, context) =>
        {
            context.Response.StatusCode = 503;
            return Task.FromResult(true);
        };
        Assert.Contains("more than 0.6 seconds in all, tries included", (await Assert.ThrowsAsync<TransportException>(() => brief.CompleteAsync(Prompt(1, 8), _options))).Message, StringComparison.Ordinal);
        upstream.Instead = async (_, context) =>
        {
            context.Response.ContentType = "text/event-stream";
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync("data: {\"choices\":[{\"index\":0,\"text\":\"a\"}]}\n\n");
                await Task.Delay(50, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            return true;
        };
        Assert.Contains("more than 0.6 seconds in all", (await Assert.ThrowsAsync<TransportException>(() => brief.CompleteAsync(Prompt(1, 8), _options))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reply_that_never_ends_is_given_up()
    {
        await using var upstream = await FakeUpstream.StartAsync(8);
        upstream.Instead = async (_, context) =>
        {
            context.Response.ContentType = "text/event-stream";
            var piece = $"data: {{\"choices\":[{{\"index\":0,\"text\":\"{new string('x', 1 << 16)}\"}}]}}\n\n";
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(piece, context.RequestAborted);
            }

            return true;
        };
        Assert.Contains("longer than", (await Assert.ThrowsAsync<TransportException>(() => Transport(upstream).CompleteAsync(Prompt(1, 8), _options))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_reader_is_not_the_servers_silence()
    {
        await using var upstream = await FakeUpstream.StartAsync(8);
        using var client = new HttpClient();
        var impatient = new VllmTransport(client, Options(upstream) with { Patience = TimeSpan.FromSeconds(1) });
        var reasons = new List<string?>();
        await foreach (var part in impatient.StreamAsync([Prompt(1, 8)], _options))
        {
            reasons.Add(part.FinishReason);
            await Task.Delay(reasons.Count == 1 ? 1500 : 0);
        }

        Assert.Contains("stop", reasons);
    }

    [Fact]
    public async Task Who_cancels_gets_a_cancellation()
    {
        await using var upstream = await FakeUpstream.StartAsync(8);
        using var stop = new CancellationTokenSource();
        upstream.Instead = async (_, context) =>
        {
            await stop.CancelAsync();
            await Task.Delay(50);
            return false;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Transport(upstream).CompleteAsync(Prompt(1, 8), _options, stop.Token));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        using var client = new HttpClient();
        var transport = new VllmTransport(client, new ServerOptions { Address = new Uri("http://127.0.0.1:1"), Model = "m", RetryDelay = TimeSpan.FromMilliseconds(1) });
        Assert.Contains("127.0.0.1:1", (await Assert.ThrowsAsync<TransportException>(() => transport.CompleteAsync(Prompt(1, 8), _options))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => transport.CompleteAsync([], _options));
        await Assert.ThrowsAsync<ArgumentException>(() => transport.CompleteAsync(Prompt(1, 8), _options with { MaxTokens = 0 }));
    }

    [Theory]
    [InlineData("data: nonsense\n\n")]
    [InlineData("data: {\"choices\":7}\n\n")]
    [InlineData("data: {\"choices\":[{\"index\":5,\"text\":\"x\"}]}\n\n")]
    [InlineData("data: {\"error\":{\"message\":\"out of memory\"}}\n\n")]
    [InlineData("data: []\n\n")]
    [InlineData("hello")]
    public async Task What_is_not_a_completion_is_an_error(string answer)
    {
        await using var upstream = await FakeUpstream.StartAsync(8);
        upstream.Instead = async (_, context) =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync(answer);
            return true;
        };
        var exception = await Assert.ThrowsAsync<TransportException>(() => Transport(upstream).CompleteAsync(Prompt(1, 8), _options));
        Assert.True(!answer.Contains("memory", StringComparison.Ordinal) || exception.Message.Contains("out of memory", StringComparison.Ordinal));
    }

    [Fact]
    public void Sglang_gets_its_numbers_as_text()
    {
        using var client = new HttpClient();
        var transport = new SglangTransport(client, new ServerOptions { Address = new Uri("http://server.example"), Model = "adapters" });
        var prompt = Prompt(2, 3);
        var body = JsonDocument.Parse(transport.Body(prompt, _options with { Temperature = 0.5 })).RootElement;
        Assert.Equal(prompt.ToSingles(), body.GetProperty("input_embeds").EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(number => number.GetSingle()));
        Assert.Equal(2, body.GetProperty("input_embeds").GetArrayLength());
        Assert.Equal(("adapters", 20, 0.5), (body.GetProperty("lora_path").GetString(), body.GetProperty("sampling_params").GetProperty("max_new_tokens").GetInt32(), body.GetProperty("sampling_params").GetProperty("temperature").GetDouble()));
    }

    private static ServerOptions Options(FakeUpstream upstream) => new() { Address = upstream.Address, Model = "adapters", RetryDelay = TimeSpan.FromMilliseconds(5) };

    private static VllmTransport Transport(FakeUpstream upstream) => new(new HttpClient(), Options(upstream));

    private static TransformedPrompt Prompt(int tokens, int features)
    {
        var bytes = new byte[tokens * features * 2];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(i * 7 % 60);
        }

        return new TransformedPrompt(bytes, tokens, features, EmbeddingType.BFloat16, tokens, Convert.ToBase64String(new byte[32]));
    }
}
