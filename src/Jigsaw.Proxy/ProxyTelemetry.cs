using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Jigsaw.Proxy;

/// <summary>What is measured: counts and times, never a text or a token.</summary>
internal sealed class ProxyTelemetry : IDisposable
{
    public const string Name = "Jigsaw.Proxy";

    private readonly ActivitySource _source = new(Name);
    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _promptTokens;
    private readonly Counter<long> _freshTokens;
    private readonly Counter<long> _refusals;
    private readonly Histogram<double> _transform;

    public ProxyTelemetry()
    {
        _promptTokens = _meter.CreateCounter<long>("jigsaw.proxy.prompt_tokens", "{token}", "Tokens of transformed prompts.");
        _freshTokens = _meter.CreateCounter<long>("jigsaw.proxy.fresh_tokens", "{token}", "Tokens that got fresh noise.");
        _refusals = _meter.CreateCounter<long>("jigsaw.proxy.refusals", "{request}", "Requests that were refused or failed, by code.");
        _transform = _meter.CreateHistogram<double>("jigsaw.proxy.transform.duration", "s", "Time to render, tokenize and transform a prompt.");
    }

    public Activity? Begin() => _source.StartActivity("chat completion", ActivityKind.Server);

    public void Transformed(Activity? activity, int tokens, int fresh, TimeSpan time)
    {
        activity?.SetTag("jigsaw.prompt_tokens", tokens);
        activity?.SetTag("jigsaw.fresh_tokens", fresh);
        _promptTokens.Add(tokens);
        _freshTokens.Add(fresh);
        _transform.Record(time.TotalSeconds);
    }

    public void Refused(Activity? activity, string code)
    {
        activity?.SetStatus(ActivityStatusCode.Error, code);
        _refusals.Add(1, new KeyValuePair<string, object?>("code", code));
    }

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }
}
