namespace Jigsaw.Client.Transports;

/// <summary>Where a server is, and how it is talked to.</summary>
public sealed record ServerOptions
{
    /// <summary>The server's base address, such as <c>http://inference.example:8000</c>; the route is added to it.</summary>
    public required Uri Address { get; init; }

    /// <summary>The address in messages: without what it may hold of secrets.</summary>
    internal string Name => $"{Address.Scheme}://{Address.Host}:{Address.Port}";

    /// <summary>How many bytes an answer may have: generous for its tokens, so that a server can't fill the memory.</summary>
    internal static long MostBytes(CompletionOptions options, int replies) => (1L << 20) + ((long)options.MaxTokens * replies * 4096);

    /// <summary>The name under which the server has the adapters, or the merged model.</summary>
    public required string Model { get; init; }

    /// <summary>Sent as a bearer token; null sends none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Further headers of each request.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>How often a request is sent at most, while nothing of its reply has come: the same bytes each time, so a try tells nothing new.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>How long the server may be silent, before the first and between two pieces of a reply.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How long a request may take in all, from its first try to the end of its reply, waits and the caller's own time between two pieces included; <see cref="Timeout.InfiniteTimeSpan"/> for no end.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The first wait between two tries; it doubles. What the server asks for in <c>Retry-After</c> goes before, up to <see cref="Patience"/>.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);
}
