using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Output;
using Jigsaw.Processes;

namespace Jigsaw.CommandLine.Running;

/// <summary>What a verb runs with.</summary>
/// <param name="Settings">What it is told.</param>
/// <param name="Output">Where it says what it does.</param>
/// <param name="Cancellation">Canceled when it is to stop.</param>
internal sealed record RunContext(RunSettings Settings, LoggedOutput Output, CancellationToken Cancellation)
{
    /// <summary>The processes that train together; null for one.</summary>
    public IProcessGroup? Processes { get; init; }

    /// <summary>True in the process that writes files.</summary>
    public bool IsFirst => Processes is null || Processes.Rank == 0;
}
