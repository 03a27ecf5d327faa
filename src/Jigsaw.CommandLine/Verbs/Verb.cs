using System.CommandLine;
using Jigsaw.CommandLine.Running;

namespace Jigsaw.CommandLine.Verbs;

/// <summary>Something that a program does.</summary>
/// <param name="Name">Its name on the command line; empty for what is done without one.</param>
/// <param name="Description">What <c>--help</c> says.</param>
/// <param name="Options">The options that it reads.</param>
/// <param name="Run">Does it, and returns the exit code.</param>
internal sealed record Verb(string Name, string Description, IReadOnlyList<Option> Options, Func<RunContext, int> Run)
{
    /// <summary>What stands behind its name; null if nothing does.</summary>
    public Argument? Takes { get; init; }

    /// <summary>True if it goes on with a run that is there, whose options it takes.</summary>
    public bool GoesOn { get; init; }

    /// <summary>True if it trains, so that a checkpoint is there when it is stopped.</summary>
    public bool Trains { get; init; }
}
