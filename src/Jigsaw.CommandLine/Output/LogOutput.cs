using Jigsaw.Training;

namespace Jigsaw.CommandLine.Output;

/// <summary>A log: a line for each thing that is said and for every n-th step, of any length and never wrapped.</summary>
internal sealed class LogOutput(TextWriter writer, TextWriter errors, int every) : IRunOutput
{
    public void Say(string text) => writer.WriteLine(text.TrimEnd('\n'));

    public void Show(RunTable table)
    {
        IReadOnlyList<string>[] lines = [table.Columns, .. table.Rows];
        var widths = table.Columns.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        writer.WriteLine();
        writer.WriteLine(table.Title);
        foreach (var line in lines)
        {
            writer.WriteLine(string.Join("  ", line.Select((cell, column) => table.Numbers && column > 0 ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    public void Watch(Action<Action<TrainingStep>> train) => train(step =>
    {
        if (step.Step % every == 0 || step.Step == 1 || step.Step == step.Steps)
        {
            writer.WriteLine(StepLine.Of(step));
        }

        if (StepLine.OfEvaluation(step) is { } evaluation)
        {
            writer.WriteLine(evaluation);
        }

        writer.Flush();
    });

    public void Fail(string text) => errors.WriteLine(text);

    public void Dispose() => writer.Flush();
}
