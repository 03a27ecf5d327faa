using System.CommandLine;
using Jigsaw.CommandLine.Running;

namespace Jigsaw.CommandLine.Verbs;

/// <summary>Something that a program does.</summary>
/// <param name="Name">Its name on the command line; empty for what is done without one.</param>
/// <param name="Description">What <c>--help</c> says.</param>
/// <param name="Options">The options that it reads.</param>
/// <param name="Run">Does it, and returns the exit code. It gets the command line besides, for what only it reads.</param>
internal sealed record Verb(string Name, string Description, IReadOnlyList<Option> Options, Func<RunContext, ParseResult, int> Run)
{
    internal Verb(string name, string description, IReadOnlyList<Option> options, Func<RunContext, int> run)
        : this(name, description, options, (context, _) => run(context))
    {
    }

    /// <summary>What stands behind its name; null if nothing does.</summary>
    public Argument? Takes { get; init; }

    /// <summary>The verb that it stands behind; null for those of the program.</summary>
    public string? Under { get; init; }

    /// <summary>True if help doesn't list it.</summary>
    public bool IsHidden { get; init; }

    /// <summary>True if it goes on with a run that is there, whose options it takes.</summary>
    public bool GoesOn { get; init; }

    /// <summary>True if it trains, so that a checkpoint is there when it is stopped.</summary>
    public bool Trains { get; init; }
}
