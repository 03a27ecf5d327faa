using System.Globalization;
using System.Text.Json.Nodes;
using Jigsaw.CommandLine;
using Jigsaw.CommandLine.Tests;
using Jigsaw.Fuzz.Tests.Mutations;
using Microsoft.Data.Sqlite;

namespace Jigsaw.Fuzz.Tests.Targets;

/// <summary>Files that a program of recipes reads. It says what is wrong, and its exit code which kind of wrong: what escapes it is a fault, and a sentence that doesn't name the file, too.</summary>
internal static class ProgramTargets
{
    private const string Database = "sweep.db";
    private const string Result = "trials/0001/result.json";

    // What a message of .NET's has in it, and no sentence of the program.
    private static readonly string[] _ofOthers = ["(Parameter '", "Object reference not set", "Sequence contains", "Exception of type", "Operation is not valid due to", "An item with the same key"];

    private static readonly string[] _sweeps =
    [
        """{ "search": "grid", "options": { "recipe": "fuzz", "steps": 40, "eval-chats": 10, "hyperparameters": { "jigsaw_ce_performance_loss_weight": 0.9 } }, "parameters": { "std-max": [2, 4], "jigsaw_ce_protection_loss_weight": { "from": 0.05, "to": 0.8, "scale": "log", "count": 2 }, "seed": [0, 1] }, "objectives": ["agreement", "bits"] }""",
        """{ "search": "random", "options": { "batch": 4, "data": ["a.jsonl"] }, "parameters": { "learning-rate": { "from": 0.0001, "to": 0.01, "scale": "log" }, "rank": { "from": 2, "to": 8, "whole": true }, "schedule": ["linear"] }, "trials": 5, "seed": 3, "objectives": ["loss"] }""",
        """{ "search": "halving", "options": { "batch": 4 }, "parameters": { "std-max": { "from": 1, "to": 4 } }, "rungs": [10, 20, 40], "keep": 0.4, "trials": 4, "measure": ["evaluate"], "objectives": ["agreement"] }""",
    ];

    /// <summary>The kinds.</summary>
    public static IEnumerable<FuzzTarget> All()
    {
        yield return new("run-options", WriteRunOptions, "run.json", new JsonMutator([]), folder => Run(["plan", "--config", Path.Combine(folder, "run.json")], "")) { LeastRefused = 0.1 };
        foreach (var (name, file) in ((string, string)[])[("run", "run.json"), ("run-steps", "steps.jsonl"), ("run-evaluation", "evaluation.json"), ("run-attacks", "attacks.json"), ("run-chat", "chat.json"), ("run-versions", "versions.json")])
        {
            yield return new(name, folder => WrittenRun.Write(folder, "fuzz"), file, new JsonMutator([], lines: file == "steps.jsonl"), folder => Run(["report", folder, "--chat", "--output", Path.Combine(folder, "report.html")], file)) { LeastRefused = 0 };
        }

        yield return new("sweep", WriteSweep, "sweep.json", new JsonMutator(_sweeps), ReadSweep) { Seeds = _sweeps };
        yield return new("sweep-database", WriteDatabase, Database, new ByteMutator(dense: true), ReadDatabase);
        yield return new("sweep-rows", WriteDatabase, Database, new TableMutator(), ReadDatabase);
        yield return new("sweep-result", WriteDatabase, Result, new JsonMutator([]), ReadResult) { LeastRefused = 0 };
    }

    private static void WriteRunOptions(string folder) => File.WriteAllText(
        Path.Combine(folder, "run.json"),
        """{ "recipe": "fuzz", "steps": 8, "batch": 4, "rank": 2, "std-max": 4.0, "initial-rho": -1.0, "learning-rate": 0.002, "seed": 0, "device": "cpu", "precision": "float32", "checkpoint-every": 100, "attacks": "default", "quiet": true }""");

    /// <summary>Tries all good ones, and leaves the first.</summary>
    private static void WriteSweep(string folder)
    {
        foreach (var sweep in _sweeps.Reverse())
        {
            File.WriteAllText(Path.Combine(folder, "sweep.json"), sweep);
            ReadSweep(folder);
        }
    }

    private static void ReadSweep(string folder)
    {
        var output = Path.Combine(folder, "out");
        if (Directory.Exists(output))
        {
            Directory.Delete(output, recursive: true);
        }

        Sweep(folder, output, "sweep.json");
    }

    /// <summary>A sweep all of whose trials wait, but for two that are done.</summary>
    private static void WriteDatabase(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "sweep.json"), _sweeps[0]);
        Sweep(folder, folder, "sweep.json");
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, Database), Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """UPDATE trials SET state = 'Done', starts = 1, seconds = 2.5, measured = '{"agreement":0.9,"bits":0.25}' WHERE id > 6; SELECT options FROM trials WHERE id = 1;""";
        var options = (string)command.ExecuteScalar()!;
        var result = Path.Combine(folder, Result);
        Directory.CreateDirectory(Path.GetDirectoryName(result)!);
        File.WriteAllText(result, new JsonObject { ["options"] = JsonNode.Parse(options), ["values"] = new JsonObject { ["agreement"] = 0.5, ["bits"] = 0.5 } }.ToJsonString());
    }

    private static void ReadDatabase(string folder)
    {
        foreach (var left in Directory.GetFiles(folder, Database + "-*"))
        {
            File.Delete(left);
        }

        Run(["sweep", "show", folder], "of the database", Database);
        Sweep(folder, folder, "of the database", Database);
    }

    /// <summary>Where the result is, the trial is done; what is no result is a trial that waits.</summary>
    private static void ReadResult(string folder)
    {
        File.Delete(Path.Combine(folder, Database));
        Sweep(folder, folder, Result);
    }

    /// <summary>Reads a sweep, and begins it; it is stopped before its first trial.</summary>
    private static void Sweep(string folder, string output, params string[] named) => Run(["sweep", Path.Combine(folder, "sweep.json"), "--output", output, "--workers", "1"], named, new CancellationToken(canceled: true));

    private static void Run(string[] arguments, params string[] named) => Run(arguments, named, CancellationToken.None);

    private static void Run(string[] arguments, string[] named, CancellationToken cancellation)
    {
        using var said = new StringWriter(CultureInfo.InvariantCulture);
        var (output, error) = (Console.Out, Console.Error);
        Console.SetOut(said);
        Console.SetError(said);
        try
        {
            var program = new JigsawProgram { Name = "fuzz", Model = "none", Data = "none", EvaluationData = "none" }.Add<FuzzRecipe>();
            var end = program.RunAsync(arguments, cancellation).GetAwaiter().GetResult();
            if (_ofOthers.Any(part => said.ToString().Contains(part, StringComparison.Ordinal)))
            {
                throw new InvalidDataException(said.ToString());
            }

            if (end is JigsawExitCode.Success or JigsawExitCode.Stopped || (end == JigsawExitCode.Error && !said.ToString().Contains("error: ", StringComparison.Ordinal)))
            {
                return;
            }

            throw end is JigsawExitCode.Error or JigsawExitCode.Usage && named.Any(name => said.ToString().Contains(name, StringComparison.Ordinal))
                ? new RefusedException(said.ToString())
                : new InvalidDataException($"The program ended with {end}: {said}");
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
