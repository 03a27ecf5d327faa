using System.Diagnostics;

namespace Jigsaw.Samples.Tests;

/// <summary>Runs a sample from its own folder, as a user does.</summary>
internal static class SampleProcess
{
    public static async Task<(int Code, string Output, string Error)> RunAsync(string sample, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "..", "samples", sample, "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", $"{sample}.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };

        // One thread: the other tests run at the same time.
        start.Environment["OMP_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        return (process.ExitCode, await output, await error);
    }
}
