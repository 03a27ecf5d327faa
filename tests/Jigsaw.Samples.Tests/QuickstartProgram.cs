using System.Diagnostics;

namespace Jigsaw.Samples.Tests;

/// <summary>Runs the quick start as a user does, in a process of its own.</summary>
internal static class QuickstartProgram
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);

    public static (int Code, string Output, string Error) Run(string workingDirectory, params string[] arguments)
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
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(_patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"The quick start did not end: {output.Result}\n{error.Result}");
        }

        return (process.ExitCode, output.Result, error.Result);
    }
}
