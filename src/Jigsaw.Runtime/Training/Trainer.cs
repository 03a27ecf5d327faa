using System.Diagnostics;
using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Diagnostics;
using Jigsaw.Losses;
using Jigsaw.Losses.Hyperparameters;
using Jigsaw.Steps;
using Jigsaw.Transforms;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training;

/// <summary>
/// Trains a transform and a student's adapters on a bound recipe: AdamW, gradient clipping, warm-up and cosine, checkpoints that a
/// killed run resumes from to the same numbers.
/// </summary>
/// <typeparam name="TComponents">The recipe's components.</typeparam>
/// <typeparam name="THyperparameters">The recipe's hyperparameters.</typeparam>
public sealed class Trainer<TComponents, THyperparameters> : IDisposable
    where TComponents : ComponentLosses
    where THyperparameters : RecipeHyperparameters
{
    private readonly JigsawLoss<TComponents, THyperparameters> _jigsaw;
    private readonly StainedGlassTransform _transform;
    private readonly ITokenBatches _batches;
    private readonly TrainingOptions _options;
    private readonly LearningRateSchedule _schedule;
    private readonly AdamW _optimizer;
    private readonly Parameter[] _trained;
    private readonly TrainingCheckpoints? _checkpoints;

    /// <summary>Sets up a training.</summary>
    /// <param name="jigsaw">The bound recipe; its teacher and student are run.</param>
    /// <param name="transform">The transform.</param>
    /// <param name="batches">The data.</param>
    /// <param name="options">How to train.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public Trainer(JigsawLoss<TComponents, THyperparameters> jigsaw, StainedGlassTransform transform, ITokenBatches batches, TrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(jigsaw);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _jigsaw = jigsaw;
        _transform = transform;
        _batches = batches;
        _options = options;
        _schedule = new LearningRateSchedule(options.LearningRate, options.WarmupSteps, options.Steps, options.FinalLearningRateFraction);
        _optimizer = JigsawOptimizer.AdamW(transform, jigsaw.Student, options.LearningRate, options.Beta1, options.Beta2, options.WeightDecay);
        _trained = [.. jigsaw.Student.Adapters.NamedParameters.Select(parameter => parameter.Value), .. transform.Parameters.Select(parameter => parameter.Value)];
        _checkpoints = options.CheckpointDirectory is { } directory ? new TrainingCheckpoints(directory) : null;
    }

    /// <summary>Steps that have been done, those before a resume included.</summary>
    public int StepsDone { get; private set; }

    /// <summary>Continues from the newest checkpoint of the options' directory.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="TrainingCheckpointException">The checkpoint is damaged, or of a training with other options, data order or numbers.</exception>
    public bool Resume()
    {
        if (_checkpoints?.Newest() is not { } newest)
        {
            return false;
        }

        StepsDone = newest.Restore(_options, _jigsaw.Hyperparameters, _transform, _jigsaw.Student.Adapters, _optimizer);
        return true;
    }

    /// <summary>Trains to the last step, or until canceled: then a checkpoint is written first.</summary>
    /// <param name="onStep">Called after each step.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <exception cref="NonFiniteLossException">A loss or the gradient is NaN or infinite; nothing of that step is applied, and the last checkpoint is kept.</exception>
    /// <exception cref="OperationCanceledException">Canceled.</exception>
    /// <exception cref="TrainingCheckpointException">The folder for checkpoints has some already, and none was resumed from.</exception>
    public void Run(Action<TrainingStep>? onStep = null, CancellationToken cancellation = default)
    {
        if (StepsDone == 0 && _checkpoints?.Newest() is { } older)
        {
            throw new TrainingCheckpointException($"{older.Directory} is a checkpoint of another training; resume from it, or name another folder for this one.");
        }

        var clock = Stopwatch.StartNew();
        var (first, tokens) = (StepsDone, 0L);
        var saved = StepsDone;
        while (StepsDone < _options.Steps)
        {
            if (cancellation.IsCancellationRequested)
            {
                if (saved != StepsDone)
                {
                    Save();
                }

                cancellation.ThrowIfCancellationRequested();
            }

            var step = Step(clock, first, ref tokens);
            if (_checkpoints is not null && (StepsDone % _options.CheckpointEvery == 0 || StepsDone == _options.Steps))
            {
                Save();
                saved = StepsDone;
            }

            onStep?.Invoke(step);
        }
    }

    /// <summary>Frees the optimizer's state, and what steps keep for the next one.</summary>
    public void Dispose()
    {
        _optimizer.Dispose();
        _jigsaw.ReleaseMemory();
    }

    private TrainingStep Step(Stopwatch clock, int first, ref long tokens)
    {
        using var scope = NewDisposeScope();
        using var batch = Batch();
        var rate = _schedule.At(StepsDone);
        foreach (var group in _optimizer.ParamGroups)
        {
            group.LearningRate = rate;
        }

        _jigsaw.Step = StepsDone;
        _optimizer.zero_grad();
        using var values = _jigsaw.RunStep(_transform.Apply(batch), batch.LossMask);
        var read = Read(values);
        foreach (var (key, value) in read)
        {
            RequireFinite(value, key);
        }

        using var phase = StepPhases.Begin("optimizer");
        var norm = nn.utils.clip_grad_norm_(_trained, _options.ClipNorm ?? double.PositiveInfinity);
        RequireFinite(norm, "gradient");
        _optimizer.step();
        StepsDone++;

        var real = batch.AttentionMask.Count ?? 0;
        tokens += real;
        var elapsed = clock.Elapsed;
        return new TrainingStep(
            StepsDone,
            _options.Steps,
            read,
            norm,
            rate,
            real,
            tokens / elapsed.TotalSeconds,
            elapsed,
            elapsed / (StepsDone - first) * (_options.Steps - StepsDone));
    }

    private static IReadOnlyDictionary<string, double> Read(TComponents values)
    {
        using var phase = StepPhases.Begin("read components");
        return values.Read();
    }

    private TokenBatch Batch()
    {
        using var phase = StepPhases.Begin("batch");
        return _batches.At(StepsDone);
    }

    private void Save() => _checkpoints?.Write(StepsDone, _options, _jigsaw.Hyperparameters, _transform, _jigsaw.Student.Adapters, _optimizer);

    private void RequireFinite(double value, string term)
    {
        if (!double.IsFinite(value))
        {
            var kept = _checkpoints?.Newest() is { } newest ? $" The last checkpoint is {newest.Directory}." : "";
            throw new NonFiniteLossException(
                $"Step {StepsDone + 1}: {term} is {value.ToString(System.Globalization.CultureInfo.InvariantCulture)}. Nothing of this step was applied.{kept} " +
                "Lower the learning rate or the weight of this term, or look at the batch of this step.")
            {
                Step = StepsDone + 1,
                Term = term,
            };
        }
    }
}
