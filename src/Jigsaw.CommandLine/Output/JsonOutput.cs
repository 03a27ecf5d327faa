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
        var line = StepJson.Of(step);
        line.Insert(0, "event", "step");
        line["steps"] = step.Steps;
        line["loss"] = StepJson.Number(step.Loss);
        line["skipped"] = step.IsSkipped;
        line["remaining_seconds"] = step.Remaining.TotalSeconds;
        Write(line);
        if (step.Evaluation is { } evaluation)
        {
            Write(new JsonObject { ["event"] = "evaluation", ["step"] = step.Step, ["components"] = StepJson.Of(evaluation), ["best"] = step.IsBest });
        }
    });

    public void Fail(string text)
    {
        Write(new JsonObject { ["event"] = "error", ["text"] = text });
        errors.WriteLine(text);
    }

    public void Dispose() => writer.Flush();

    private void Write(JsonObject value)
    {
        writer.WriteLine(value.ToJsonString(_line));
        writer.Flush();
    }
}
