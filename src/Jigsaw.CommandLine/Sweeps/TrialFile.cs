using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.Checkpoints;
using Jigsaw.CommandLine.Options;
using Jigsaw.CommandLine.Reporting;

namespace Jigsaw.CommandLine.Sweeps;

/// <summary>What a finished trial leaves in its folder: its options and its figures. Where it is, the trial is done, whatever became of the database.</summary>
internal static class TrialFile
{
    /// <summary>The file in the folder of a trial.</summary>
    internal const string Name = "result.json";

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <summary>Writes the figures that the run's files tell.</summary>
    internal static void Write(string folder, JsonObject options)
    {
        var run = RunReader.Read(folder, chat: false);
        Write(folder, options, Objective.All.Select(objective => (objective.Name, Value: objective.Read(run)?.Value)).Where(figure => figure.Value is { } value && double.IsFinite(value)).ToDictionary(figure => figure.Name, figure => figure.Value!.Value));
    }

    /// <summary>Writes figures.</summary>
    internal static void Write(string folder, JsonObject options, IReadOnlyDictionary<string, double> values) => AtomicFile.WriteText(
        Path.Combine(folder, Name),
        new JsonObject { ["options"] = options.DeepClone(), ["values"] = new JsonObject(values.Select(value => KeyValuePair.Create(value.Key, (JsonNode?)JsonValue.Create(value.Value)))) }.ToJsonString(_indented) + "\n");

    /// <summary>The figures of a finished trial with these options; null if it isn't finished.</summary>
    internal static IReadOnlyDictionary<string, double>? Read(string folder, JsonObject options)
    {
        try
        {
            var path = Path.Combine(folder, Name);
            return File.Exists(path) && StrictJson.Parse(File.ReadAllText(path)) is JsonObject file && JsonNode.DeepEquals(file["options"], options)
                && file["values"] is JsonObject values && values.All(value => value.Value is JsonValue)
                ? values.ToDictionary(value => value.Key, value => value.Value!.GetValue<double>())
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            // Its run is there, and is measured again.
            return null;
        }
    }
}
