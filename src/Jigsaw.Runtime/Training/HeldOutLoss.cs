using Jigsaw.Diagnostics;
using Jigsaw.Losses;
using Jigsaw.Steps;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Training;

/// <summary>Measures a run's loss on held-out batches, and leaves everything of the run as it was.</summary>
internal sealed class HeldOutLoss
{
    // Far from what a training draws, so that an evaluation has noise of its own.
    private const long FirstDraw = long.MaxValue / 2;

    private readonly BoundLoss _loss;
    private readonly StainedGlassTransform _transform;
    private readonly TrainingEvaluation _evaluation;
    private readonly int? _microBatch;
    private readonly TrainingProcesses _processes;
    private readonly long _firstStep;
    private readonly int _classes;

    public HeldOutLoss(BoundLoss loss, StainedGlassTransform transform, TrainingEvaluation evaluation, TrainingOptions options)
    {
        (_loss, _transform, _evaluation, _microBatch) = (loss, transform, evaluation, options.MicroBatch);
        _processes = new TrainingProcesses(options.Processes);

        // A term with an Every counts n times on each n-th step: batches take the steps of one period behind the run's end in turn.
        _classes = (int)loss.Plan.Intervals.Values.Aggregate(1L, (period, every) => Math.Min(int.MaxValue, period / (long)System.Numerics.BigInteger.GreatestCommonDivisor(period, every) * every));
        _firstStep = (options.Steps + (long)_classes - 1) / _classes * _classes;
    }

    /// <summary>The mean of each component over the batches that evaluate it, and of the composite loss over the classes of steps.</summary>
    public IReadOnlyDictionary<string, double> Measure()
    {
        using var phase = StepPhases.Begin("evaluation");
        using var grad = no_grad();
        var (adapters, noise) = (_loss.Student.Adapters, _transform.Seeded!);
        var (training, step, count, state) = (adapters.Training, _loss.Step, noise.Count, _loss.SaveState());
        try
        {
            adapters.Training = false;
            return Means();
        }
        finally
        {
            (adapters.Training, _loss.Step, noise.Count) = (training, step, count);
            _loss.RestoreState(state);
        }
    }

    private OrderedDictionary<string, double> Means()
    {
        var sums = new OrderedDictionary<string, (double Sum, int Count)>();
        var composites = new (double Sum, int Count)[_classes];
        for (var i = 0; i < Math.Max(_evaluation.Count, _classes); i++)
        {
            using var scope = NewDisposeScope();
            using var whole = _evaluation.Batches.At(i % _evaluation.Count);
            using var batch = _processes.Part(whole);
            _loss.Step = _firstStep + (i % _classes);
            _transform.Seeded!.Count = FirstDraw + (i % _evaluation.Count);
            using var components = _loss.RunStepInParts(_transform.Apply(batch), batch.LossMask, _microBatch ?? whole.BatchSize);
            foreach (var (name, value) in components.Read())
            {
                if (name == ComponentLosses.CompositeKey)
                {
                    composites[i % _classes].Sum += value;
                    composites[i % _classes].Count++;
                }
                else
                {
                    var (sum, counted) = sums.GetValueOrDefault(name);
                    sums[name] = (sum + value, counted + 1);
                }
            }
        }

        var means = new OrderedDictionary<string, double>();
        foreach (var (name, (sum, counted)) in sums)
        {
            means.Add(name, sum / counted);
        }

        means.Add(ComponentLosses.CompositeKey, composites.Average(part => part.Sum / part.Count));
        return means;
    }
}
