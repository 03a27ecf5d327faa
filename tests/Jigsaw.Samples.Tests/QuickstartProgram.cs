using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Jigsaw.Samples.Tests;

/// <summary>Runs the quick start as a user does, in a process of its own.</summary>
internal static class QuickstartProgram
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);

    public static (int Code, string Output, string Error) Run(string workingDirectory, params string[] arguments) =>
        Run(workingDirectory, stopsAfter: null, arguments);

    /// <summary>Runs it, and asks it to end once it has printed a line that begins in a certain way.</summary>
    public static (int Code, string Output, string Error) RunUntil(string workingDirectory, string line, params string[] arguments) =>
        Run(workingDirectory, line, arguments);

    private static (int Code, string Output, string Error) Run(string workingDirectory, string? stopsAfter, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(typeof(global::Quickstart.QuickstartRecipe).Assembly.Location);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // One thread: the other tests run at the same time.
        start.Environment["OMP_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var output = stopsAfter is null ? process.StandardOutput.ReadToEndAsync() : ReadAndStop(process, stopsAfter);
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(_patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"The quick start did not end: {output.Result}\n{error.Result}");
        }

        return (process.ExitCode, output.Result, error.Result);
    }

    private static async Task<string> ReadAndStop(Process process, string stopsAfter)
    {
        var text = new StringBuilder();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            text.AppendLine(line);
            if (line.StartsWith(stopsAfter, StringComparison.Ordinal))
            {
                using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            }
        }

        return text.ToString();
    }
}
