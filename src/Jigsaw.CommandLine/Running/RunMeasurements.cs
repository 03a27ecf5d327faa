using System.Diagnostics;
using System.Diagnostics.Metrics;
using Jigsaw.Training;

namespace Jigsaw.CommandLine.Running;

/// <summary>What a training measures, as instruments of the meter <c>Jigsaw</c>; a verb is an activity of the source of that name. Without a listener they cost nothing.</summary>
internal sealed class RunMeasurements : IDisposable
{
    /// <summary>The name of the meter and of the activity source.</summary>
    internal const string Name = "Jigsaw";

    private static readonly ActivitySource _source = new(Name);

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _steps;
    private readonly Counter<long> _tokens;
    private readonly Gauge<double> _component;
    private readonly Gauge<double> _evaluation;
    private readonly Gauge<double> _gradient;
    private readonly Gauge<double> _rate;
    private readonly Gauge<double> _speed;

    internal RunMeasurements()
    {
        _steps = _meter.CreateCounter<long>("jigsaw.training.steps", "{step}", "Training steps.");
        _tokens = _meter.CreateCounter<long>("jigsaw.training.tokens", "{token}", "Real tokens of the training's batches.");
        _component = _meter.CreateGauge<double>("jigsaw.training.component", "1", "The raw value of a term, by the tag component, and composite_loss.");
        _evaluation = _meter.CreateGauge<double>("jigsaw.training.evaluation", "1", "A component on the held-out chats, by the tag component.");
        _gradient = _meter.CreateGauge<double>("jigsaw.training.gradient_norm", "1", "The gradient's norm before clipping.");
        _rate = _meter.CreateGauge<double>("jigsaw.training.learning_rate", "1", "The learning rate.");
        _speed = _meter.CreateGauge<double>("jigsaw.training.tokens_per_second", "{token}/s", "Real tokens per second since the run began.");
        _meter.CreateObservableGauge("jigsaw.process.memory", () => Environment.WorkingSet, "By", "Memory of the process.");
    }

    public void Dispose() => _meter.Dispose();

    /// <summary>Starts the activity of a verb; null without a listener.</summary>
    internal static Activity? Begin(string verb) => _source.StartActivity(verb);

    /// <summary>Measures a step.</summary>
    internal void Add(TrainingStep step)
    {
        _steps.Add(1);
        _tokens.Add(step.Tokens);
        _gradient.Record(step.GradientNorm);
        _rate.Record(step.LearningRate);
        _speed.Record(step.TokensPerSecond);
        foreach (var (name, value) in step.Components)
        {
            _component.Record(value, KeyValuePair.Create("component", (object?)name));
        }

        foreach (var (name, value) in step.Evaluation ?? new Dictionary<string, double>())
        {
            _evaluation.Record(value, KeyValuePair.Create("component", (object?)name));
        }
    }
}
