using System.Diagnostics;

namespace Jigsaw.Runtime.Tests.Training;

public sealed class BesideOtherWorkTests
{
    /// <summary>A share of what <c>build/stress-training</c> does.</summary>
    [Fact]
    public async Task Training_beside_threads_that_allocate_neither_fails_nor_ends_the_process()
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(BesideOtherWorkTests).Assembly.Location, "--beside-allocations", "1", "25"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}: {output} {await error}");
        Assert.Contains("0 of 1 runs failed", output, StringComparison.Ordinal);
    }
}
