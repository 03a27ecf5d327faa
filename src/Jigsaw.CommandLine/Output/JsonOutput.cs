using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Jigsaw.Training;

namespace Jigsaw.CommandLine.Output;

/// <summary>One JSON object per line, its kind in <c>event</c>: message, step, evaluation, table, error.</summary>
internal sealed class JsonOutput(TextWriter writer, TextWriter errors) : IRunOutput
{
    private static readonly JsonSerializerOptions _line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Say(string text) => Write(new JsonObject { ["event"] = "message", ["text"] = text.TrimEnd('\n') });

    public void Show(RunTable table) => Write(new JsonObject
    {
        ["event"] = "table",
        ["name"] = table.Name,
        ["title"] = table.Title,
        ["columns"] = new JsonArray([.. table.Columns.Select(column => (JsonNode)column)]),
        ["rows"] = new JsonArray([.. table.Rows.Select(row => (JsonNode)new JsonArray([.. row.Select(cell => (JsonNode)cell)]))]),
    });

    public void Watch(Action<Action<TrainingStep>> train) => train(step =>
    {
        Write(new JsonObject
        {
            ["event"] = "step",
            ["step"] = step.Step,
            ["steps"] = step.Steps,
            ["loss"] = Number(step.Loss),
            ["components"] = Numbers(step.Components),
            ["skipped"] = step.IsSkipped,
            ["gradient_norm"] = Number(step.GradientNorm),
            ["learning_rate"] = step.LearningRate,
            ["tokens"] = step.Tokens,
            ["tokens_per_second"] = step.TokensPerSecond,
            ["elapsed_seconds"] = step.Elapsed.TotalSeconds,
            ["remaining_seconds"] = step.Remaining.TotalSeconds,
        });
        if (step.Evaluation is { } evaluation)
        {
            Write(new JsonObject { ["event"] = "evaluation", ["step"] = step.Step, ["components"] = Numbers(evaluation), ["best"] = step.IsBest });
        }
    });

    public void Fail(string text)
    {
        Write(new JsonObject { ["event"] = "error", ["text"] = text });
        errors.WriteLine(text);
    }

    public void Dispose() => writer.Flush();

    private static JsonObject Numbers(IReadOnlyDictionary<string, double> components) => new(components.Select(component => KeyValuePair.Create(component.Key, Number(component.Value))));

    /// <summary>A number; null where JSON has none.</summary>
    private static JsonNode? Number(double value) => double.IsFinite(value) ? value : null;

    private void Write(JsonObject value)
    {
        writer.WriteLine(value.ToJsonString(_line));
        writer.Flush();
    }
}
