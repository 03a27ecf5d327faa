using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;
using Jigsaw.CommandLine.Measuring;
using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Running;
using Jigsaw.CommandLine.Verbs;
using Jigsaw.Evaluation.Attacks;

namespace Jigsaw.CommandLine.Reporting;

/// <summary>Reads the folder of a run. What can't be read becomes a sentence, never the end.</summary>
internal sealed class RunReader
{
    private readonly string _folder;
    private readonly List<string> _problems = [];

    private RunReader(string folder) => _folder = folder;

    /// <summary>Reads a folder.</summary>
    /// <param name="folder">The folder of the run.</param>
    /// <param name="chat">True if the chat that the evaluation kept is read, too.</param>
    /// <exception cref="ArgumentException">The folder is not there, or has nothing of a run.</exception>
    internal static RunRecord Read(string folder, bool chat)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string[] files = [ConfigurationFile.Name, StepLog.Name, EvaluateVerb.FileName, SuiteStage.FileName];
        return Directory.Exists(full) && (files.Any(file => File.Exists(Path.Combine(full, file))) || Directory.Exists(Path.Combine(full, "checkpoints")))
            ? new RunReader(full).Read(chat)
            : throw new ArgumentException($"{folder} is not the folder of a run: it has none of {string.Join(", ", files)}; name a folder that train has written.");
    }

    private RunRecord Read(bool chat)
    {
        var record = new RunRecord
        {
            Name = Path.GetFileName(_folder),
            Folder = _folder,
            Options = Part(ConfigurationFile.Name, "the options and the command to repeat the run are not told", node => node.AsObject()),
            Steps = ReadSteps(),
            Evaluation = Part(EvaluateVerb.FileName, "run the verb evaluate on the run", node => node.AsObject()),
            Attacks = Part(SuiteStage.FileName, "run the verb attack on the run", node => Attacks(node.AsObject())),
            Versions = Part(RunVersions.Name, "the versions are not told", node => node.AsObject()),
            Chat = chat ? Part(ConversationFile.Name, "run evaluate with --chat, which keeps one", node => ConversationFile.Read(node.AsObject())) : null,
            Hashes = ReadHashes(),
        };
        return record with { Settings = ReadSettings(), Problems = _problems };
    }

    private T? Part<T>(string file, string remedy, Func<JsonNode, T> read)
        where T : class
    {
        var path = Path.Combine(_folder, file);
        if (!File.Exists(path))
        {
            _problems.Add($"{file} is missing: {remedy}.");
            return null;
        }

        try
        {
            return read(StrictJson.Parse(RegularFile.ReadAllText(path)) ?? throw new FormatException("it is null"));
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            _problems.Add($"{file} is damaged ({(exception is JsonException json ? JsonReason.Of(json) : exception.Message).TrimEnd('.').Replace(_folder, Path.GetFileName(_folder), StringComparison.Ordinal)}): {remedy}.");
            return null;
        }
    }

    private List<StepRecord> ReadSteps()
    {
        var steps = new List<StepRecord>();
        var path = Path.Combine(_folder, StepLog.Name);
        if (!File.Exists(path))
        {
            _problems.Add($"{StepLog.Name} is missing: there are no curves; a training writes it.");
            return steps;
        }

        var number = 0;
        try
        {
            RegularFile.Require(path);
            foreach (var line in File.ReadLines(path))
            {
                number++;
                steps.Add(Step(Required<JsonObject>(StrictJson.Parse(line), "the line")));
            }
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            _problems.Add($"{StepLog.Name} is damaged at line {number}: the curves end before it; resuming the training writes it on.");
        }

        return steps;
    }

    private static T Required<T>(JsonNode? node, string what)
        where T : JsonNode =>
        node as T ?? throw new FormatException($"{what} is missing, or of another kind");

    private static StepRecord Step(JsonObject line)
    {
        var values = new OrderedDictionary<string, double>(StringComparer.Ordinal);
        void Add(string name, JsonNode? value)
        {
            if (value is JsonValue number && number.TryGetValue<double>(out var finite))
            {
                // A plot is XML, which can't hold them.
                values[name] = name.Any(char.IsControl) ? throw new FormatException("a name has a control character") : finite;
            }
        }

        foreach (var (name, value) in line["components"]?.AsObject() ?? [])
        {
            Add(name, value);
        }

        foreach (var (name, value) in line["evaluation"]?.AsObject() ?? [])
        {
            Add($"{name} on held-out chats", value);
        }

        Add("gradient_norm", line["gradient_norm"]);
        Add("learning_rate", line["learning_rate"]);
        return new StepRecord(line["step"]?.GetValue<int>() ?? throw new FormatException("it has no step"), values);
    }

    private static AttackReport Attacks(JsonObject file)
    {
        static string Text(JsonObject row, string name) => row[name]?.GetValue<string>() ?? throw new FormatException($"a figure has no '{name}'");
        return new AttackReport
        {
            Chats = file["chats"]?.GetValue<int>() ?? 0,
            Tokens = file["tokens"]?.GetValue<long>() ?? 0,
            LeftOut = (file["left_out"]?.AsObject() ?? []).ToDictionary(left => left.Key, left => Required<JsonValue>(left.Value, left.Key).GetValue<int>()),
            Notes = [.. (file["notes"]?.AsArray() ?? []).Select(note => Required<JsonValue>(note, "a note").GetValue<string>())],
            Figures = [.. (file["figures"]?.AsArray() ?? throw new FormatException("it has no 'figures'")).Select(node => Required<JsonObject>(node, "a figure")).Select(row => new AttackFigure(
                Text(row, "attack"),
                Text(row, "level"),
                row["draws"]?.GetValue<int>() ?? 1,
                Text(row, "figure"),
                row["value"]?.GetValue<double>(),
                row["low"]?.GetValue<double>(),
                row["high"]?.GetValue<double>(),
                row["count"]?.GetValue<long>() ?? 0))],
        };
    }

    private KeyValuePair<string, string>[] ReadSettings()
    {
        var checkpoints = Path.Combine(_folder, "checkpoints");
        var newest = Directory.Exists(checkpoints) ? Directory.EnumerateDirectories(checkpoints, "step-*").OrderBy(folder => folder.Length).ThenBy(folder => folder, StringComparer.Ordinal).LastOrDefault() : null;
        if (newest is null)
        {
            _problems.Add("There is no checkpoint: what it tells of model and data is missing.");
            return [];
        }

        var file = Path.GetRelativePath(_folder, Path.Combine(newest, "training.json"));
        return Part(file, "what it tells of model and data is missing", node => Required<JsonObject>(node["Settings"], "'Settings'").Select(setting => KeyValuePair.Create(setting.Key, setting.Value?.ToString() ?? "")).ToArray()) ?? [];
    }

    private List<KeyValuePair<string, string>> ReadHashes()
    {
        var hashes = new List<KeyValuePair<string, string>>();
        foreach (var part in (string[])["transform", "adapter"])
        {
            var folder = Path.Combine(_folder, part);
            if (!Directory.Exists(folder))
            {
                _problems.Add($"{part}/ is missing: the training has not come to its end; go on with train --resume.");
                continue;
            }

            foreach (var file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
            {
                try
                {
                    using var stream = RegularFile.OpenRead(file);
                    hashes.Add(KeyValuePair.Create($"{part}/{Path.GetFileName(file)}", Convert.ToHexStringLower(SHA256.HashData(stream))));
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    _problems.Add($"{part}/{Path.GetFileName(file)} can't be read: its hash is missing.");
                }
            }
        }

        return hashes;
    }
}
