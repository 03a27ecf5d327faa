using Jigsaw.CommandLine.Options;
using Spectre.Console;

namespace Jigsaw.CommandLine.Output;

/// <summary>The output that fits where the program runs.</summary>
internal static class RunOutputs
{
    /// <summary>A terminal's where there is one, a log's otherwise, or what is asked for.</summary>
    /// <exception cref="UsageException">Both are asked for.</exception>
    internal static IRunOutput Choose(bool quiet, bool json, int every)
    {
        var capabilities = AnsiConsole.Profile.Capabilities;
        return (quiet, json) switch
        {
            (true, true) => throw new UsageException("--quiet prints nothing and --json everything; use one of them."),
            (true, _) => new QuietOutput(Console.Error),
            (_, true) => new JsonOutput(Console.Out, Console.Error),
            _ when capabilities is { Interactive: true, Ansi: true } && !Console.IsOutputRedirected => new TerminalOutput(AnsiConsole.Console),
            _ => new LogOutput(Console.Out, Console.Error, every),
        };
    }
}
