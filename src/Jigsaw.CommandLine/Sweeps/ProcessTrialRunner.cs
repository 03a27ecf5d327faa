using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Jigsaw.Checkpoints;

namespace Jigsaw.CommandLine.Sweeps;

/// <summary>Runs each trial in a process of its own: this program again, with the verb <c>trial</c>. What it prints goes to <c>log.txt</c> in its folder.</summary>
internal sealed class ProcessTrialRunner(IReadOnlyList<string> measures) : ITrialRunner
{
    /// <summary>The options of a trial, in its folder.</summary>
    internal const string OptionsName = "trial.json";

    private const int Terminate = 15;

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    public async Task<TrialEnd> RunAsync(Trial trial, int threads, CancellationToken cancellation)
    {
        Directory.CreateDirectory(trial.Folder);
        var options = Path.Combine(trial.Folder, OptionsName);
        AtomicFile.WriteText(options, trial.Options.ToJsonString(_indented) + "\n");
        using var process = new Process { StartInfo = Program(["trial", "--config", options, "--output", trial.Folder, .. measures.SelectMany(measure => (string[])["--measure", measure]), .. trial.From is { } from ? new[] { "--from", from } : []], threads) };
        using var log = new StreamWriter(Path.Combine(trial.Folder, "log.txt"), append: true);
        var last = "";
        void Keep(string? line, bool isError)
        {
            if (line is not null)
            {
                lock (log)
                {
                    log.WriteLine(line);
                    log.Flush();
                    last = isError && line.Trim().Length > 0 ? line.Trim() : last;
                }
            }
        }

        process.OutputDataReceived += (_, line) => Keep(line.Data, isError: false);
        process.ErrorDataReceived += (_, line) => Keep(line.Data, isError: true);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using (cancellation.Register(() => Stop(process)))
        {
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        cancellation.ThrowIfCancellationRequested();
        return process.ExitCode switch
        {
            JigsawExitCode.Success => new TrialEnd(TrialEnd.Way.Done),
            JigsawExitCode.Busy => new TrialEnd(TrialEnd.Way.Busy),
            JigsawExitCode.Error or JigsawExitCode.Usage => new TrialEnd(TrialEnd.Way.Failed, last.StartsWith("error: ", StringComparison.Ordinal) ? last["error: ".Length..] : last),
            _ => new TrialEnd(TrialEnd.Way.Killed),
        };
    }

    /// <summary>This program with other arguments.</summary>
    private static ProcessStartInfo Program(IReadOnlyList<string> arguments, int threads)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known, so it can't run itself for a trial; start it as an executable or with dotnet.");
        string[] host = Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase) ? [Path.GetFullPath(Environment.GetCommandLineArgs()[0])] : [];
        var start = new ProcessStartInfo(program, [.. host, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        // A trial is no process of a group that this one may belong to.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PMI_", StringComparison.Ordinal) || name.StartsWith("MPI_LOCAL", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach (var name in (string[])["OMP_NUM_THREADS", "MKL_NUM_THREADS"])
        {
            start.Environment[name] = threads.ToString(CultureInfo.InvariantCulture);
        }

        return start;
    }

    /// <summary>Asks a process to stop, as Ctrl-C does; where there are no signals it ends at once, and the trial goes on from its last checkpoint.</summary>
    private static void Stop(Process process)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                process.Kill();
            }
            else
            {
                _ = Signal(process.Id, Terminate);
            }
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
