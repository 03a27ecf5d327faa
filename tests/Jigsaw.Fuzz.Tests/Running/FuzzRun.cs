using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Jigsaw.Fuzz.Tests.Targets;

namespace Jigsaw.Fuzz.Tests.Running;

/// <summary>Watches a worker from outside, so that an abort, a hang or a process that eats all memory is seen, and counted, and the rest of the files are tried nevertheless.</summary>
internal sealed class FuzzRun(IReadOnlyList<string> kinds, int seed)
{
    private static readonly TimeSpan _mostCpu = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _mostTime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan _poll = TimeSpan.FromMilliseconds(100);
    private const long MostMemory = 1L << 30;

    /// <summary>Reads damaged files of each kind.</summary>
    /// <param name="count">How many of a kind, from number 0.</param>
    /// <param name="first">The number of the first of the first kind.</param>
    public IReadOnlyList<FuzzReport> Run(int count, int first = 0)
    {
        var reports = kinds.Select(kind => new FuzzReport(kind)).ToArray();
        var (kind, next) = (0, first);
        while (kind < kinds.Count)
        {
            (kind, next) = Work(reports, kind, next, count);
        }

        return reports;
    }

    /// <summary>Writes a file that was damaged, for whoever looks into a fault.</summary>
    public static void Keep(string name, int seed, int number, string directory)
    {
        var kind = FuzzTargets.Named(name);
        Directory.CreateDirectory(directory);
        kind.Prepare(directory);
        new FuzzCase(kind, seed, number).Write(directory, File.ReadAllBytes(Path.Combine(directory, kind.File)));
    }

    /// <summary>Runs one process, to its end or to its first fault that ends it.</summary>
    /// <returns>Kind and number of the next file.</returns>
    private (int Kind, int Next) Work(FuzzReport[] reports, int kind, int first, int count)
    {
        string[] arguments = ["exec", typeof(FuzzRun).Assembly.Location, "--worker", string.Join(',', kinds.Skip(kind)), .. ((int[])[seed, first, count]).Select(number => number.ToString(CultureInfo.InvariantCulture))];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment["DOTNET_gcServer"] = "0";
        using var process = Process.Start(start)!;
        using var lines = new BlockingCollection<string>();
        var errors = process.StandardError.ReadToEndAsync();
        var reader = Task.Run(async () =>
        {
            while (await process.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
            {
                lines.Add(line);
            }

            lines.CompleteAdding();
        });

        int? reading = null;
        var (begun, next) = (kind - 1, first);
        var (memory, cpu, clock) = (0L, TimeSpan.Zero, Stopwatch.StartNew());
        string? ended = null;
        while (ended is null && !lines.IsCompleted)
        {
            if (!lines.TryTake(out var line, _poll))
            {
                ended = reading is null ? null : Excess(process, memory, cpu, clock.Elapsed);
                continue;
            }

            var words = line.Split(' ', 3);
            if (words is ["ready", _])
            {
                (begun, next) = (begun + 1, begun + 1 == kind ? first : 0);
                memory = Peek(process, process => process.WorkingSet64);
            }
            else if (words is [var number])
            {
                (reading, cpu) = (int.Parse(number, CultureInfo.InvariantCulture), Peek(process, process => process.TotalProcessorTime));
                clock.Restart();
            }
            else
            {
                (reading, next) = (null, int.Parse(words[0], CultureInfo.InvariantCulture) + 1);
                Count(reports[begun], next - 1, words);
            }
        }

        if (ended is not null)
        {
            process.Kill(entireProcessTree: true);
        }

        process.WaitForExit();
        reader.Wait();
        if (reading is null && process.ExitCode != 0)
        {
            throw new InvalidOperationException($"The worker ended before it read a damaged file, after '{(begun < kind ? "" : kinds[begun])}', with {process.ExitCode}: {errors.Result.Trim()}");
        }

        if (reading is not { } last)
        {
            return (kinds.Count, 0);
        }

        reports[begun].Faults.Add((last, ended ?? $"the process ended with {process.ExitCode}: {errors.Result.Split('\n').FirstOrDefault()}"));
        return last + 1 < count ? (begun, last + 1) : (begun + 1, 0);
    }

    private static void Count(FuzzReport report, int number, string[] words)
    {
        switch (words[1])
        {
            case "read":
                report.Read++;
                break;
            case "refused":
                report.Refused++;
                break;
            default:
                report.Faults.Add((number, words[2]));
                break;
        }
    }

    /// <summary>What a process takes too much of; its own processor time counts, so that a machine with other work changes nothing.</summary>
    private static string? Excess(Process process, long memory, TimeSpan cpu, TimeSpan elapsed) =>
        Peek(process, process => process.WorkingSet64) - memory > MostMemory ? $"more than {MostMemory >> 20} MiB"
        : Peek(process, process => process.TotalProcessorTime) - cpu > _mostCpu || elapsed > _mostTime ? $"more than {_mostCpu.TotalSeconds} s"
        : null;

    private static T? Peek<T>(Process process, Func<Process, T> value)
    {
        try
        {
            process.Refresh();
            return process.HasExited ? default : value(process);
        }
        catch (InvalidOperationException)
        {
            // It has ended since.
            return default;
        }
    }
}
