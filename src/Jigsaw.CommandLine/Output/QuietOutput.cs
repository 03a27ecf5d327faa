using Jigsaw.Training;

namespace Jigsaw.CommandLine.Output;

/// <summary>Errors alone.</summary>
internal sealed class QuietOutput(TextWriter errors) : IRunOutput
{
    public void Say(string text)
    {
    }

    public void Show(RunTable table)
    {
    }

    public void Watch(Action<Action<TrainingStep>> train) => train(_ => { });

    public void Fail(string text) => errors.WriteLine(text);

    public void Dispose()
    {
    }
}
