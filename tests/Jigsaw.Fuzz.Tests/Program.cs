using System.Globalization;
using Jigsaw.Fuzz.Tests.Running;
using Jigsaw.Fuzz.Tests.Targets;

namespace Jigsaw.Fuzz.Tests;

/// <summary>What <c>build/fuzz</c> runs, and the processes that it watches.</summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        if (arguments is ["--worker", var kinds, .. var numbers])
        {
            var read = Array.ConvertAll(numbers, number => int.Parse(number, CultureInfo.InvariantCulture));
            return FuzzWorker.Run(kinds.Split(','), read[0], read[1], read[2]);
        }

        if (arguments is [var kind, var countText, var seedText, var folder, .. var rest]
            && int.TryParse(countText, CultureInfo.InvariantCulture, out var count) && int.TryParse(seedText, CultureInfo.InvariantCulture, out var seed)
            && (kind == "all" || FuzzTargets.All.ContainsKey(kind)))
        {
            return Run(kind == "all" ? FuzzTargets.All.Keys : [kind], count, seed, rest is [var first] ? int.Parse(first, CultureInfo.InvariantCulture) : 0, folder);
        }

        Console.Error.WriteLine($"Give a kind of file, how many to damage, a seed, and a folder for what fails. Kinds: all, {string.Join(", ", FuzzTargets.All.Keys)}.");
        return 2;
    }

    private static int Run(IEnumerable<string> kinds, int count, int seed, int first, string folder)
    {
        var faults = 0;
        foreach (var kind in kinds)
        {
            var run = new FuzzRun([kind], seed);
            var report = run.Run(first + count, first)[0];
            faults += report.Faults.Count;
            Console.WriteLine(report);
            foreach (var alike in report.Faults.GroupBy(fault => fault.What.Split(':')[0]).SelectMany(group => group.Take(5)))
            {
                var kept = Path.Combine(folder, $"{kind}-{seed}-{alike.Number}");
                Console.WriteLine($"    {kept}: {alike.What}");
                if (!Directory.Exists(kept))
                {
                    FuzzRun.Keep(kind, seed, alike.Number, kept);
                }
            }
        }

        return faults == 0 ? 0 : 1;
    }
}
