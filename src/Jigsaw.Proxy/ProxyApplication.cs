using System.Net;
using System.Text.Json.Serialization;
using Jigsaw.Checkpoints;
using Jigsaw.Client;
using Jigsaw.Client.Transports;
using Microsoft.AspNetCore.Http.Features;
using OpenTelemetry;

namespace Jigsaw.Proxy;

/// <summary>The proxy as an ASP.NET Core application.</summary>
public static partial class ProxyApplication
{
    private const string Prefix = "JIGSAW_PROXY__";
    private const string DefaultAddress = "http://127.0.0.1:8600";

    /// <summary>Reads the settings, opens the bundle, and makes the application.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="configure">Further set-up, such as other logging; null for none.</param>
    /// <param name="transport">The way to the server, such as a model in this process; null for the one of the settings.</param>
    /// <exception cref="ArgumentException">A setting is missing or out of its range.</exception>
    /// <exception cref="Jigsaw.Checkpoints.CheckpointException">The bundle is not whole.</exception>
    public static WebApplication Build(string[] arguments, Action<WebApplicationBuilder>? configure = null, ICompletionTransport? transport = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = arguments, ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelHttpsConfiguration();

        // Request lines hold no prompt, but nothing of a request is worth a log of its own either.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning);
        configure?.Invoke(builder);
        var options = Read(arguments);
        options.Validate(hasServer: transport is not null);
        var urls = builder.Configuration["urls"] ?? DefaultAddress;
        RequireKeysOrLoopback(options, urls, builder.Configuration);
        builder.WebHost.UseUrls(urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // Checked per request: Kestrel would close the connection before the caller has read why.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.AddServerHeader = false;
        });
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not null)
        {
            builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource(ProxyTelemetry.Name)).WithMetrics(metrics => metrics.AddMeter(ProxyTelemetry.Name, "Microsoft.AspNetCore.Hosting")).UseOtlpExporter();
        }

        var type = options.Type.Length == 0 ? (EmbeddingType?)null : Enum.Parse<EmbeddingType>(options.Type, ignoreCase: true);
        builder.Services.AddSingleton(options);
        var transform = PromptTransform.Load(options.Bundle, type);
        if (transform.Tokenizer.ChatTemplate is null)
        {
            throw new CheckpointException(options.Bundle, "has no chat template, so no conversation can be rendered; export it from a model that has one.");
        }

        builder.Services.AddSingleton(transform);
        builder.Services.AddSingleton(transport ?? Transport(options));
        builder.Services.AddSingleton(new ConversationStore(options.MaxConversations));
        builder.Services.AddSingleton<ProxyTelemetry>();
        builder.Services.AddSingleton<ChatCompletions>();
        var application = builder.Build();
        Map(application, options);
        SaidOfScope(application.Logger, transform.Scope.AllTokens ? "all tokens are transformed" : $"the contents of {(transform.Scope.Roles is { } roles ? string.Join(", ", roles) : "all roles")} are transformed, and everything else is sent clean");
        return application;
    }

    private static ProxyOptions Read(string[] arguments)
    {
        try
        {
            // Not the whole environment: a variable named TYPE may be another program's.
            return new ConfigurationBuilder().AddEnvironmentVariables(Prefix).AddCommandLine(arguments).Build().Get<ProxyOptions>() ?? new ProxyOptions();
        }
        catch (InvalidOperationException exception)
        {
            throw new ArgumentException($"A setting can't be read: {exception.Message}", exception);
        }
    }

    private static void RequireKeysOrLoopback(ProxyOptions options, string urls, ConfigurationManager configuration)
    {
        if (options.Keys.Length == 0 && configuration.GetSection("Kestrel:Endpoints").Exists())
        {
            throw new ArgumentException("ApiKeys is empty and the configuration has Kestrel:Endpoints, which may be open to other machines; give ApiKeys, or use urls.");
        }

        if (options.Keys.Length == 0 && urls.Split(';').FirstOrDefault(url => !IsLoopback(url)) is { } open)
        {
            throw new ArgumentException($"ApiKeys is empty and '{open}' is open to other machines, so anybody could use the server through this proxy; give ApiKeys, or listen to {DefaultAddress}.");
        }
    }

    private static bool IsLoopback(string url)
    {
        var host = BindingAddress.Parse(url).Host;
        return host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
    }

    private static ICompletionTransport Transport(ProxyOptions options)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5), ActivityHeadersPropagator = null }) { Timeout = Timeout.InfiniteTimeSpan };
        var server = new ServerOptions
        {
            Address = new Uri(options.Upstream),
            Model = options.UpstreamModel,
            ApiKey = options.UpstreamApiKey.Length > 0 ? options.UpstreamApiKey : null,
            Headers = options.Headers,
            Patience = TimeSpan.FromSeconds(options.PatienceSeconds),

            // The proxy's own deadline holds for every transport.
            Deadline = Timeout.InfiniteTimeSpan,
        };
        return options.UpstreamKind == "sglang" ? new SglangTransport(client, server) : new VllmTransport(client, server);
    }

    private static void Map(WebApplication application, ProxyOptions options)
    {
        var running = 0;
        application.MapGet("/livez", () => Results.Text("ok\n"));
        application.Use(async (context, next) =>
        {
            if (!context.Request.Path.StartsWithSegments("/v1"))
            {
                await next(context);
                return;
            }

            if (CallerKey.Of(context.Request, options.Keys) is not { } caller)
            {
                context.Response.Headers.WWWAuthenticate = "Bearer";
                await OpenAiError.WriteAsync(context.Response, 401, "invalid_api_key", "The API key is missing or not known; send it as 'Authorization: Bearer KEY'.");
                return;
            }

            context.Items[CallerKey.Item] = caller;
            try
            {
                if (Interlocked.Increment(ref running) > options.MaxConcurrency)
                {
                    context.Response.Headers.RetryAfter = "1";
                    await OpenAiError.WriteAsync(context.Response, 429, "rate_limit_exceeded", $"There are {options.MaxConcurrency} requests already; try again in a second.");
                    return;
                }

                if (context.Request.ContentLength > options.MaxBodyBytes)
                {
                    await OpenAiError.WriteAsync(context.Response, 413, "body_too_large", $"The body has {context.Request.ContentLength} bytes, and {options.MaxBodyBytes} is the most; send less of the conversation.");
                    return;
                }

                context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = options.MaxBodyBytes;
                await next(context);
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        });
        application.MapGet("/v1/models", () => Results.Json(new ModelList([new ModelEntry(options.PublicModel)])));
        application.MapPost("/v1/chat/completions", (HttpContext context, ChatCompletions completions) => completions.AnswerAsync(context));
        application.MapFallback(context => OpenAiError.WriteAsync(context.Response, 404, "not_found", "There is no such route; this proxy has /v1/chat/completions, /v1/models and /livez."));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Of a conversation {What}.")]
    private static partial void SaidOfScope(ILogger log, string what);

    private sealed record ModelList(IReadOnlyList<ModelEntry> Data)
    {
        public string Object { get; } = "list";
    }

    private sealed record ModelEntry(string Id)
    {
        public string Object { get; } = "model";

        public long Created { get; }

        [JsonPropertyName("owned_by")]
        public string OwnedBy { get; } = "jigsaw";
    }
}
