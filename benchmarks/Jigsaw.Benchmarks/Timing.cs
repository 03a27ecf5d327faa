using System.Diagnostics;
using TorchSharp;

namespace Jigsaw.Benchmarks;

/// <summary>Median times of actions that take turns, so other load on the machine affects all of them equally.</summary>
internal static class Timing
{
    /// <summary>True to measure the processor time of one thread, which a busy machine inflates less than wall-clock time.</summary>
    public static bool ProcessorTime
    {
        get;
        set
        {
            field = value;
            torch.set_num_threads(value ? 1 : Environment.ProcessorCount);
        }
    }

    /// <summary>True to wait for the CUDA device before the clock is read.</summary>
    public static bool WaitsForDevice { get; set; }

    private static TimeSpan Now => ProcessorTime ? Environment.CpuUsage.TotalTime : Stopwatch.GetElapsedTime(0);

    /// <summary>Milliseconds of each action, the median over the rounds; after one warm-up round.</summary>
    public static double[] Medians(int rounds, params Action[] actions)
    {
        var times = actions.Select(_ => new List<double>()).ToArray();
        for (var round = 0; round <= rounds; round++)
        {
            for (var i = 0; i < actions.Length; i++)
            {
                var start = Now;
                actions[i]();
                if (WaitsForDevice)
                {
                    torch.cuda.synchronize();
                }

                if (round > 0)
                {
                    times[i].Add((Now - start).TotalMilliseconds);
                }
            }
        }

        return [.. times.Select(list => list.Order().ElementAt(list.Count / 2))];
    }
}
