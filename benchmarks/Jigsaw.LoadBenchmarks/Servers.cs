using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Yarp.ReverseProxy.Configuration;

namespace Jigsaw.LoadBenchmarks;

/// <summary>What the proxy is measured against: a server that answers at once, and a proxy that passes on what comes.</summary>
internal static class Servers
{
    public const string Reply = "Hello Jonathan, I am sorry that your desk lamp is late.";

    private static readonly byte[] _chat = Encoding.UTF8.GetBytes($$$"""{"id": "1", "object": "chat.completion", "created": 1, "model": "support", "choices": [{"index": 0, "message": {"role": "assistant", "content": "{{{Reply}}}"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 40, "completion_tokens": 15, "total_tokens": 55}}""");

    private static readonly byte[] _stream = Encoding.UTF8.GetBytes($$$"""
        data: {"choices": [{"index": 0, "text": "{{{Reply}}}", "finish_reason": null}]}

        data: {"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}

        data: {"choices": [], "usage": {"prompt_tokens": 40, "completion_tokens": 15, "total_tokens": 55}}

        data: [DONE]


        """.ReplaceLineEndings("\n"));

    public static string AddressOf(WebApplication application) => application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Answers chats as the proxies' callers expect it, and completions as vLLM does.</summary>
    public static async Task<WebApplication> UpstreamAsync()
    {
        var application = Builder().Build();
        application.MapPost("/v1/chat/completions", context => AnswerAsync(context, "application/json", _chat));
        application.MapPost("/v1/completions", context => AnswerAsync(context, "text/event-stream", _stream));
        await application.StartAsync();
        return application;
    }

    /// <summary>Passes on what comes.</summary>
    public static async Task<WebApplication> BareAsync(string upstream)
    {
        var builder = Builder();
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "server", Match = new RouteMatch { Path = "{**rest}" } }],
            [new ClusterConfig { ClusterId = "server", Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = upstream } } }]);
        var application = builder.Build();
        application.MapReverseProxy();
        await application.StartAsync();
        return application;
    }

    private static WebApplicationBuilder Builder()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        return builder;
    }

    private static async Task AnswerAsync(HttpContext context, string type, byte[] answer)
    {
        // The body is read whole, as a server must.
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
    }
}
