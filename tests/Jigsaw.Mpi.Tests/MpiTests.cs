using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Jigsaw.Mpi.Tests;

public sealed class MpiTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jigsaw-mpi").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [MpiFact]
    public void Numbers_and_bytes_of_three_processes_are_the_same_in_each()
    {
        var (code, output, error) = MpiRun.Run(3, "--exchange");
        Assert.True(code == 0, output + error);
        Assert.Equal(Enumerable.Repeat("3 3000 0.6 0,1,2", 3), output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [MpiFact]
    public void Two_processes_train_what_one_trains_and_the_first_one_writes_it()
    {
        Train(1, "one");
        var output = Train(2, "two");
        Assert.Equal(1, output.Split("Transform saved in").Length - 1);
        var (expected, found) = (Steps("one"), Steps("two"));
        Assert.Equal(6, found.Length);
        foreach (var (one, other) in expected.Zip(found))
        {
            Assert.Equal((int)one["tokens"]!, (int)other["tokens"]!);
            Assert.All(one["components"]!.AsObject(), component => Assert.Equal((double)component.Value!, (double)other["components"]![component.Key]!, 1e-4 * Math.Max(1, Math.Abs((double)component.Value!))));
        }

        var first = expected[0]["components"]!.AsObject();
        Assert.All(first, component => Assert.Equal((double)component.Value!, (double)found[0]["components"]![component.Key]!, 2e-6 * Math.Max(1, Math.Abs((double)component.Value!))));
    }

    [MpiFact]
    public void A_run_goes_on_with_another_number_of_processes()
    {
        Train(3, "run", "--steps", "2");
        Assert.Contains("Resumed after step 2.", Train(2, "run", "--steps", "4", "--resume"), StringComparison.Ordinal);
        Assert.Contains("Resumed after step 4.", Train(1, "run", "--steps", "6", "--resume"), StringComparison.Ordinal);
        Assert.Equal([1, 2, 3, 4, 5, 6], Steps("run").Select(step => (int)step["step"]!));
    }

    [MpiFact]
    public void A_process_that_dies_ends_all()
    {
        using var run = MpiRun.Start(2, "train", "--steps", "100000", "--output", Path.Combine(_folder, "run"), "--log-every", "1");
        while (run.StandardOutput.ReadLine() is { } line && !line.Contains("step", StringComparison.Ordinal))
        {
        }

        var victim = Process.GetProcessesByName("dotnet").Single(process => IsRank(process, run.Id, "1"));
        var clock = Stopwatch.StartNew();
        victim.Kill();
        var output = run.StandardOutput.ReadToEnd();
        Assert.True(run.WaitForExit(TimeSpan.FromSeconds(20)));
        Assert.NotEqual(0, run.ExitCode);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
        Assert.Contains("APPLICATION TERMINATED", output + run.StandardError.ReadToEnd(), StringComparison.Ordinal);
    }

    [MpiFact]
    public void A_process_that_cannot_go_on_says_why_and_ends_all()
    {
        var clock = Stopwatch.StartNew();
        var (code, _, error) = MpiRun.Run(2, "train", "--second-data", "none.jsonl", "--output", Path.Combine(_folder, "run"));
        Assert.NotEqual(0, code);
        Assert.Contains("error: Process 1 of 2 can't go on, and ends all. There is no file or folder", error, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 60);
    }

    [MpiFact]
    public void Four_processes_measure_what_one_measures_and_two_divide_a_sweep()
    {
        // 60 chats are three batches: one process has nothing to do.
        Train(1, "run", "--steps", "2");
        var (one, four) = (Evaluate(1), Evaluate(4));
        Assert.Equal((int)one["chats"]!, (int)four["chats"]!);
        foreach (var figure in (string[])["student_clean_agreement", "mean_std", "mean_shift"])
        {
            Assert.Equal((double)one[figure]!, (double)four[figure]!, 1e-6 * Math.Max(1, (double)one[figure]!));
        }

        var file = Path.Combine(_folder, "sweep.json");
        File.WriteAllText(file, """{ "options": { "steps": 2, "eval-chats": 5 }, "parameters": { "std-max": [2, 4] }, "objectives": ["agreement"] }""");
        var folder = Path.Combine(_folder, "sweep");
        var (code, output, error) = MpiRun.Run(2, "sweep", file, "--output", folder);
        Assert.True(code == 0, output + error);
        Assert.Contains("this is part 1 of 2", output, StringComparison.Ordinal);
        Assert.Contains("Merged 2 databases", output, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(folder, "evaluation.json", SearchOption.AllDirectories).Length);

        (code, _, error) = MpiRun.Run(2, "sweep", file, "--output", folder, "--shard", "1/2");
        Assert.NotEqual(0, code);
        Assert.Contains("--shard is 1/2, but mpiexec has divided the sweep by its 2 processes; leave --shard out.", error, StringComparison.Ordinal);

        JsonNode Evaluate(int size)
        {
            var (code, output, error) = MpiRun.Run(size, "evaluate", "--eval-chats", "60", "--output", Path.Combine(_folder, "run"));
            Assert.True(code == 0, output + error);
            Assert.Equal(1, output.Split("The same figures").Length - 1);
            return JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, "run", "evaluation.json")))!;
        }
    }

    [MpiFact]
    public void What_would_only_be_repeated_does_not_run_in_several_processes()
    {
        var (code, _, error) = MpiRun.Run(2, "plan");
        Assert.Equal(2, code);
        Assert.Contains("mpiexec has started 2 processes, but only train, evaluate and sweep run in several; start plan without mpiexec.", error, StringComparison.Ordinal);
    }

    private string Train(int size, string name, params string[] options)
    {
        var (code, output, error) = MpiRun.Run(size, ["train", "--no-tensorboard", "--output", Path.Combine(_folder, name), .. options]);
        Assert.True(code == 0, output + error);
        return output;
    }

    private JsonNode[] Steps(string name) => [.. File.ReadLines(Path.Combine(_folder, name, "steps.jsonl")).Select(line => JsonNode.Parse(line)!)];

    /// <summary>True if a process is the given rank of a run: its environment says so, and the run is an ancestor.</summary>
    private static bool IsRank(Process process, int run, string rank)
    {
        try
        {
            var environment = File.ReadAllText($"/proc/{process.Id}/environ").Split('\0');
            return environment.Contains($"PMI_RANK={rank}") && Ancestors(process.Id).Contains(run);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static IEnumerable<int> Ancestors(int id)
    {
        while (id > 1)
        {
            id = int.Parse(File.ReadAllText($"/proc/{id}/stat").Split(") ")[1].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
            yield return id;
        }
    }
}
