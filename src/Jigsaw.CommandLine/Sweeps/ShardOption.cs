using System.Globalization;
using Jigsaw.CommandLine.Options;
using Jigsaw.Processes;

namespace Jigsaw.CommandLine.Sweeps;

/// <summary>A part of a sweep, <c>i/n</c>, as a job array has it.</summary>
internal static class ShardOption
{
    /// <summary>The part of a process, from 0, and how many there are.</summary>
    /// <exception cref="UsageException">A part is told where mpiexec gives each process its own, or it is not <c>i/n</c>.</exception>
    internal static (int Index, int Count) Of(IProcessGroup? processes, string? text) =>
        processes is null ? Parse(text)
        : text is null ? (processes.Rank, processes.Size)
        : throw new UsageException($"--shard is {text}, but mpiexec has divided the sweep by its {processes.Size} processes; leave --shard out.");

    /// <summary>The part, from 0, and how many there are.</summary>
    /// <exception cref="UsageException">It is not <c>i/n</c>.</exception>
    internal static (int Index, int Count) Parse(string? text) =>
        text is null ? (0, 1)
        : text.Split('/') is [var index, var count]
          && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && i >= 1 && i <= n
            ? (i - 1, n)
            : throw new UsageException($"--shard is {text}; use i/n with i from 1 to n, such as 1/4.");
}
