using Jigsaw.Training;
using Spectre.Console;

namespace Jigsaw.CommandLine.Output;

/// <summary>A terminal: a progress bar, and tables with lines.</summary>
internal sealed class TerminalOutput(IAnsiConsole console) : IRunOutput
{
    public void Say(string text) => console.WriteLine(text);

    public void Show(RunTable table)
    {
        var shown = new Table().Title(Markup.Escape(table.Title));
        foreach (var (column, index) in table.Columns.Select((column, index) => (column, index)))
        {
            var head = new TableColumn(Markup.Escape(column));
            shown.AddColumn(table.Numbers && index > 0 ? head.RightAligned() : head);
        }

        foreach (var row in table.Rows)
        {
            shown.AddRow([.. row.Select(Markup.Escape)]);
        }

        console.Write(table.Numbers ? shown : shown.ShowRowSeparators());
    }

    public void Watch(Action<Action<TrainingStep>> train)
    {
        TrainingStep? last = null;
        console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .UseRenderHook((bar, _) => last is null ? bar : new Rows(bar, new Text("  " + StepLine.Describe(last))))
            .Start(context =>
            {
                var task = context.AddTask("training");
                train(step =>
                {
                    last = step;
                    if (StepLine.OfEvaluation(step) is { } evaluation)
                    {
                        console.WriteLine(evaluation);
                    }

                    task.MaxValue = step.Steps;
                    task.Value = step.Step;
                    task.Description = $"step {step.Step}/{step.Steps}";
                });
            });
    }

    public void Fail(string text) => Console.Error.WriteLine(text);

    public void Dispose()
    {
    }
}
