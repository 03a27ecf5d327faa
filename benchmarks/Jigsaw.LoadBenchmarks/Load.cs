using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;

namespace Jigsaw.LoadBenchmarks;

/// <summary>Callers that ask without a pause, each question another one.</summary>
internal sealed class Load(string address, int callers) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new Uri(address) };
    private readonly ConcurrentBag<double> _milliseconds = [];
    private double _seconds;
    private int _asked;

    /// <summary>Answers per second.</summary>
    public double PerSecond => _milliseconds.Count / _seconds;

    /// <summary>The time that a share of the answers was there within.</summary>
    public double Percentile(double share)
    {
        var sorted = _milliseconds.Order().ToArray();
        return sorted[(int)(share * (sorted.Length - 1))];
    }

    /// <summary>Asks for a while.</summary>
    public async Task RunAsync(TimeSpan time, bool isMeasured)
    {
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(start) < time)
            {
                var sent = Stopwatch.GetTimestamp();
                await AskAsync();
                if (isMeasured)
                {
                    _milliseconds.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                }
            }
        })));
        _seconds += isMeasured ? Stopwatch.GetElapsedTime(start).TotalSeconds : 0;
    }

    public void Dispose() => _client.Dispose();

    private async Task AskAsync()
    {
        var body = $$"""{"model": "support", "max_tokens": 60, "messages": [{"role": "user", "content": "Jonathan Garrett here, Clarkshire. Order {{Interlocked.Increment(ref _asked)}} is late, I am still waiting for the desk lamp."}]}""";
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);
        var answer = await response.Content.ReadAsStringAsync();
        if (response.StatusCode != HttpStatusCode.OK || !answer.Contains(Servers.Reply, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{address} answered {(int)response.StatusCode}: {answer}");
        }
    }
}
