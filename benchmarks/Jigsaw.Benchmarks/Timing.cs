using System.Diagnostics;
using TorchSharp;

namespace Jigsaw.Benchmarks;

/// <summary>Median times of actions that take turns, so that what else the machine does hits all of them alike.</summary>
internal static class Timing
{
    /// <summary>Whether to count the processor time of one thread, which a busy machine lengthens less than it lengthens the clock's.</summary>
    public static bool ProcessorTime
    {
        get;
        set
        {
            field = value;
            torch.set_num_threads(value ? 1 : Environment.ProcessorCount);
        }
    }

    private static TimeSpan Now => ProcessorTime ? Environment.CpuUsage.TotalTime : Stopwatch.GetElapsedTime(0);

    /// <summary>Milliseconds of each action, the median over the rounds; one more round before them is not counted.</summary>
    public static double[] Medians(int rounds, params Action[] actions)
    {
        var times = actions.Select(_ => new List<double>()).ToArray();
        for (var round = 0; round <= rounds; round++)
        {
            for (var i = 0; i < actions.Length; i++)
            {
                var start = Now;
                actions[i]();
                if (round > 0)
                {
                    times[i].Add((Now - start).TotalMilliseconds);
                }
            }
        }

        return [.. times.Select(list => list.Order().ElementAt(list.Count / 2))];
    }
}
