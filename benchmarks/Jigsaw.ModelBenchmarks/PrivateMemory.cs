using System.Globalization;

namespace Jigsaw.ModelBenchmarks;

/// <summary>The largest private memory of the process while something runs, read from Linux every millisecond.</summary>
internal sealed class PrivateMemory : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _sampler;
    private readonly long _before = Now();
    private long _peak;

    public PrivateMemory()
    {
        _sampler = new Thread(Sample) { IsBackground = true };
        _sampler.Start();
    }

    /// <summary>Bytes above what the process had at the start.</summary>
    public long Peak => Math.Max(0, Interlocked.Read(ref _peak) - _before);

    public void Dispose()
    {
        _stop.Cancel();
        _sampler.Join();
        _stop.Dispose();
    }

    private static long Now()
    {
        foreach (var line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("RssAnon:", StringComparison.Ordinal))
            {
                return long.Parse(line.AsSpan(8, line.Length - 10), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) * 1024;
            }
        }

        return 0;
    }

    private void Sample()
    {
        while (!_stop.IsCancellationRequested)
        {
            Interlocked.Exchange(ref _peak, Math.Max(Interlocked.Read(ref _peak), Now()));
            Thread.Sleep(1);
        }
    }
}
