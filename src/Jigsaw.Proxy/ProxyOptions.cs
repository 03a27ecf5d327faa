using System.Globalization;

namespace Jigsaw.Proxy;

/// <summary>The proxy's settings: environment variables <c>JIGSAW_PROXY__NAME</c>, or <c>--Name value</c> on the command line.</summary>
public sealed record ProxyOptions
{
    /// <summary>The client bundle's folder.</summary>
    public string Bundle { get; init; } = "";

    /// <summary>The server's base address, such as <c>http://inference.example:8000</c>.</summary>
    public string Upstream { get; init; } = "";

    /// <summary>The server's kind: <c>vllm</c> or <c>sglang</c>.</summary>
    public string UpstreamKind { get; init; } = "vllm";

    /// <summary>The name under which the server has the adapters, or the merged model.</summary>
    public string UpstreamModel { get; init; } = "";

    /// <summary>Sent to the server as a bearer token; empty sends none.</summary>
    public string UpstreamApiKey { get; init; } = "";

    /// <summary>Further headers for the server, <c>Name=value</c> with commas between them.</summary>
    public string UpstreamHeaders { get; init; } = "";

    /// <summary>The model's name to callers; empty takes <see cref="UpstreamModel"/>.</summary>
    public string Model { get; init; } = "";

    /// <summary>The keys that callers may send as bearer tokens, with commas between them; empty lets everybody in, which is refused unless only this machine is listened to.</summary>
    public string ApiKeys { get; init; } = "";

    /// <summary>The floating type that is sent: <c>BFloat16</c>, <c>Float16</c> or <c>Float32</c>; empty takes the embedding table's.</summary>
    public string Type { get; init; } = "";

    /// <summary>The largest body of a request, in bytes.</summary>
    public long MaxBodyBytes { get; init; } = 4 << 20;

    /// <summary>The most tokens of a prompt.</summary>
    public int MaxPromptTokens { get; init; } = 8192;

    /// <summary>The most tokens of a reply, and how many where a request says nothing.</summary>
    public int MaxReplyTokens { get; init; } = 1024;

    /// <summary>Requests at the same time; what comes on top is answered 429.</summary>
    public int MaxConcurrency { get; init; } = 256;

    /// <summary>Seconds that the server may be silent.</summary>
    public double PatienceSeconds { get; init; } = 120;

    /// <summary>Seconds that a request may take in all: its wait for a core, tries, and the reply to its end.</summary>
    public double DeadlineSeconds { get; init; } = 600;

    /// <summary>Conversations whose rows are remembered, so they are sent again byte for byte.</summary>
    public int MaxConversations { get; init; } = 1000;

    /// <summary>The name to callers.</summary>
    internal string PublicModel => Model.Length > 0 ? Model : UpstreamModel;

    /// <summary>The callers' keys.</summary>
    internal string[] Keys => ApiKeys.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The further headers.</summary>
    internal Dictionary<string, string> Headers =>
        UpstreamHeaders.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair.Length == 2
            ? pair[1]
            : throw new ArgumentException($"{nameof(UpstreamHeaders)} has a header without a value; write each as Name=value."));

    /// <summary>Checks the settings.</summary>
    /// <param name="hasServer">True if the program brings the way to the server, so no address is needed.</param>
    /// <exception cref="ArgumentException">One is missing or out of its range.</exception>
    internal void Validate(bool hasServer = false)
    {
        Require(Bundle.Length > 0, nameof(Bundle), Bundle, "the folder of a client bundle");
        if (!hasServer)
        {
            RequireAddress();
        }

        Require(UpstreamKind is "vllm" or "sglang", nameof(UpstreamKind), UpstreamKind, "vllm or sglang");
        Require(PublicModel.Length > 0, nameof(Model), Model, "the model's name, here or as UpstreamModel");
        Require(Type.Length == 0 || (Enum.TryParse<Client.EmbeddingType>(Type, ignoreCase: true, out var type) && Enum.IsDefined(type)), nameof(Type), Type, "BFloat16, Float16 or Float32");
        Require(MaxBodyBytes > 0, nameof(MaxBodyBytes), MaxBodyBytes, "a number above 0");
        Require(MaxPromptTokens > 0, nameof(MaxPromptTokens), MaxPromptTokens, "a number above 0");
        Require(MaxReplyTokens > 0, nameof(MaxReplyTokens), MaxReplyTokens, "a number above 0");
        Require(MaxConcurrency > 0, nameof(MaxConcurrency), MaxConcurrency, "a number above 0");
        Require(PatienceSeconds is > 0 and < 1e6, nameof(PatienceSeconds), PatienceSeconds, "a number of seconds above 0");
        Require(DeadlineSeconds is > 0 and < 1e6, nameof(DeadlineSeconds), DeadlineSeconds, "a number of seconds above 0");
        Require(MaxConversations > 0, nameof(MaxConversations), MaxConversations, "a number above 0");
        _ = Headers;
    }

    private void RequireAddress() =>
        Require(Uri.TryCreate(Upstream, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.UserInfo.Length == 0, nameof(Upstream), address?.UserInfo.Length > 0 ? "an address with a user" : Upstream, "the server's address alone, such as http://inference.example:8000");

    private static void Require(bool holds, string name, IConvertible value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} is '{value.ToString(CultureInfo.InvariantCulture)}'; give {rule}, as --{name} or JIGSAW_PROXY__{name.ToUpperInvariant()}.");
        }
    }
}
