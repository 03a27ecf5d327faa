using System.Diagnostics;

namespace Jigsaw.Mpi.Tests;

/// <summary>Runs this project's program in several processes.</summary>
internal static class MpiRun
{
    private static readonly string[] _names = ["mpiexec.hydra", "mpiexec.mpich"];

    /// <summary>The program that starts processes; null if there is none.</summary>
    public static string? Starter { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => _names.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    public static (int Code, string Output, string Error) Run(int size, params string[] arguments)
    {
        using var process = Start(size, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(5)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{size} processes have not ended in five minutes: {output.Result}{error.Result}");
        }

        return (process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Starts the processes, or, for one, this program alone.</summary>
    public static Process Start(int size, params string[] arguments)
    {
        string[] program = ["dotnet", typeof(MpiRun).Assembly.Location, .. arguments];
        string[] command = size == 1 ? program : [Starter!, "-n", $"{size}", .. program];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = "1";
        return Process.Start(start)!;
    }
}
