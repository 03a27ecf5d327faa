using Jigsaw.Training;

namespace Jigsaw.CommandLine.Output;

/// <summary>Where a run says what it does: a terminal, a log, JSON lines, or nowhere.</summary>
internal interface IRunOutput : IDisposable
{
    /// <summary>Says a sentence.</summary>
    void Say(string text);

    /// <summary>Shows figures.</summary>
    void Show(RunTable table);

    /// <summary>Shows the steps of a training while it runs.</summary>
    /// <param name="train">Trains, and calls its argument after each step.</param>
    void Watch(Action<Action<TrainingStep>> train);

    /// <summary>Says what went wrong.</summary>
    void Fail(string text);
}
