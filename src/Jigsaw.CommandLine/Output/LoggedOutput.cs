using Jigsaw.Training;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Jigsaw.CommandLine.Output;

/// <summary>An output whose sentences a logger receives, too.</summary>
internal sealed partial class LoggedOutput(IRunOutput output, ILoggerFactory? factory)
{
    private readonly ILogger _logger = (factory ?? NullLoggerFactory.Instance).CreateLogger("Jigsaw");

    /// <summary>Says a sentence.</summary>
    internal void Say(string text)
    {
        output.Say(text);
        Said(_logger, text);
    }

    /// <summary>Shows figures; the logger receives each row.</summary>
    internal void Show(RunTable table)
    {
        output.Show(table);
        foreach (var row in table.Rows)
        {
            Figured(_logger, table.Title, row);
        }
    }

    /// <summary>Shows the steps of a training while it runs; the logger receives each.</summary>
    internal void Watch(Action<Action<TrainingStep>> train) => output.Watch(shown => train(step =>
    {
        shown(step);
        Stepped(_logger, step.Step, step.Steps, step.Loss, step.GradientNorm, step.TokensPerSecond);
    }));

    /// <summary>Says what went wrong.</summary>
    internal void Fail(string text)
    {
        output.Fail(text);
        Failed(_logger, text);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Text}")]
    private static partial void Said(ILogger logger, string text);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Title}: {Row}")]
    private static partial void Figured(ILogger logger, string title, IReadOnlyList<string> row);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Step {Step} of {Steps}: loss {Loss}, gradient {GradientNorm}, {TokensPerSecond} tokens/s")]
    private static partial void Stepped(ILogger logger, int step, int steps, double loss, double gradientNorm, double tokensPerSecond);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Text}")]
    private static partial void Failed(ILogger logger, string text);
}
