using System.Diagnostics;
using Jigsaw.Batches;
using Jigsaw.Data;
using Jigsaw.Diagnostics;
using Jigsaw.Losses;
using Jigsaw.Steps;
using Jigsaw.Transforms;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training;

/// <summary>
/// Trains a transform and a student's adapters on a bound recipe: a schedule, gradient clipping, an optimizer, and checkpoints that a
/// killed run resumes from to the same numbers. The options choose each of them.
/// </summary>
public sealed class Trainer : IDisposable
{
    /// <summary>Steps in a row that are skipped before a run ends: parameters that are not finite never recover.</summary>
    private const int MostSkipped = 10;

    private readonly BoundLoss _loss;
    private readonly StainedGlassTransform _transform;
    private readonly ITokenBatches _batches;
    private readonly TrainingOptions _options;
    private readonly ILearningRateSchedule _schedule;
    private readonly optim.Optimizer _optimizer;
    private readonly Parameter[] _trained;
    private readonly (string Name, Tensor Value)[] _named;
    private readonly Parameter[][] _clippedTogether;
    private readonly ICheckpointFormat _format;
    private readonly TrainingState _state;
    private readonly TrainingCheckpoints? _checkpoints;
    private readonly HeldOutLoss? _heldOut;
    private readonly TeacherCache? _cacheBefore;
    private readonly TrainingProcesses _processes;
    private bool _setsAside;
    private bool _isCanceled;
    private bool _isTimeUp;
    private int _skipped;

    /// <summary>Sets up a training run.</summary>
    /// <param name="loss">The bound recipe; its teacher and student are run.</param>
    /// <param name="transform">The transform, with seeded noise: made by its constructor, or loaded by <see cref="StainedGlassTransform.LoadForTraining"/>.</param>
    /// <param name="batches">The data.</param>
    /// <param name="options">How to train.</param>
    /// <exception cref="ArgumentException">An option is out of its range, the transform draws secure noise, or the optimizer can't be used: the message says why.</exception>
    public Trainer(BoundLoss loss, StainedGlassTransform transform, ITokenBatches batches, TrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if ((options.MicroBatch is not null || options.Processes is { Size: > 1 }) && loss.MicroBatchProblem is { } problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }

        foreach (var (key, every) in loss.Plan.Intervals)
        {
            if (every > options.Steps)
            {
                throw new ArgumentException($"Every of '{key}' is {every}, but the run has {options.Steps} steps, so that only the first would evaluate the term; use at most {options.Steps}, or remove the term.", nameof(loss));
            }
        }

        _processes = new TrainingProcesses(options.Processes);
        _loss = loss;
        _transform = transform;
        _batches = batches;
        _options = options;
        _schedule = options.Schedule ?? options.DecaySchedule();
        var groups = JigsawOptimizer.Groups(transform, loss.Student);
        (string Name, Parameter Value)[] trained = [.. groups.SelectMany(group => group.Parameters)];
        var free = groups.Without(options.Frozen);
        _optimizer = options.Optimizer?.Invoke(free) ?? JigsawOptimizer.AdamW(free, options.LearningRate, options.Beta1, options.Beta2, options.WeightDecay);
        try
        {
            _state = new TrainingState(loss, transform, batches, options, trained, _optimizer);
        }
        catch
        {
            _optimizer.Dispose();
            throw;
        }

        var optimized = _optimizer.parameters().Select(parameter => parameter.Handle).ToHashSet();
        trained = [.. trained.Where(parameter => optimized.Contains(parameter.Value.Handle))];
        (_trained, _named) = ([.. trained.Select(parameter => parameter.Value)], [.. trained.Select(parameter => (parameter.Name, (Tensor)parameter.Value))]);
        var adapters = groups[0].Parameters.Select(parameter => parameter.Value.Handle).ToHashSet();
        _clippedTogether = options.ClipsApart ? [.. _trained.GroupBy(parameter => adapters.Contains(parameter.Handle)).Select(group => group.ToArray())] : [_trained];
        _format = options.CheckpointFormat ?? new FolderCheckpointFormat();
        _checkpoints = options.CheckpointDirectory is { } directory ? new TrainingCheckpoints(directory, _format) : null;
        _cacheBefore = loss.Teacher.Cache;
        loss.Teacher.Cache = options.TeacherCache ?? _cacheBefore;
        _heldOut = options.Evaluation is { } evaluation ? new HeldOutLoss(loss, transform, evaluation, options) : null;
    }

    /// <summary>Steps done so far, including those before a resume.</summary>
    public int StepsDone => _state.Step;

    /// <summary>Why the run ended.</summary>
    public TrainingEnd End { get; private set; }

    /// <summary>The checkpoint of the best evaluation so far, from which <see cref="Resume(string)"/> takes its transform and adapters; null without evaluations or checkpoints.</summary>
    public string? BestCheckpoint => _state.Best is { Step: > 0 } best ? _checkpoints?.Of(best.Step) : null;

    /// <summary>Continues from the newest checkpoint of the options' directory.</summary>
    /// <returns>True if there was one.</returns>
    /// <exception cref="TrainingCheckpointException">The checkpoint is damaged, or belongs to a training run with another model, data, options or numbers, or another process is using the directory.</exception>
    public bool Resume()
    {
        return Together(() =>
        {
            using var reserved = _processes.IsFirst && _checkpoints?.Newest() is not null ? _checkpoints.Reserve() : null;
            if (_processes.OfFirst(_checkpoints?.Newest()) is not { } newest)
            {
                return false;
            }

            Read(newest);
            _processes.Meet();
            return true;
        });
    }

    /// <summary>Continues from a checkpoint by name, such as the one before a damaged one. Newer ones of the options' directory get another name when the run begins.</summary>
    /// <param name="checkpoint">The folder of the checkpoint.</param>
    /// <exception cref="TrainingCheckpointException">The checkpoint is damaged, or belongs to a training run with another model, data, options or numbers.</exception>
    public void Resume(string checkpoint)
    {
        ArgumentException.ThrowIfNullOrEmpty(checkpoint);
        Together(() =>
        {
            Read(Path.GetFullPath(checkpoint));
            _processes.Meet();
            return true;
        });
        _setsAside = true;
    }

    /// <summary>Trains to the last step, or to what the options' evaluation, time limit or <see cref="TrainingOptions.StopAfter"/> ends before: <see cref="End"/> says which. If canceled, a checkpoint is written first.</summary>
    /// <param name="onStep">Called after each step, before the next one begins.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="NonFiniteLossException">A loss or the gradient is NaN or infinite; nothing from that step is applied, and the last checkpoint is kept.</exception>
    /// <exception cref="OperationCanceledException">Canceled.</exception>
    /// <exception cref="TrainingCheckpointException">The checkpoint folder already has checkpoints, and the run was not resumed from one; another process is using it; or a checkpoint can't be written.</exception>
    public void Run(Action<TrainingStep> onStep, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(onStep);
        Together(() =>
        {
            using var reserved = _processes.IsFirst ? _checkpoints?.Reserve() : null;
            if (_processes.IsFirst)
            {
                RequireOwnFolder();
            }

            _processes.RequireSame(_state.Settings, StepsDone, _named);
            var adapters = _loss.Student.Adapters;
            var training = adapters.Training;
            adapters.Training = true;
            try
            {
                _processes.RequireNoDropout(adapters);
                RunSteps(onStep, cancellationToken);
            }
            finally
            {
                adapters.Training = training;
            }

            return true;
        });
    }

    /// <summary>Trains to the last step, or until canceled, in which case a checkpoint is written first.</summary>
    /// <param name="progress">Receives each step; null if not needed. <see cref="Progress{T}"/> hands steps to another thread, so they may be late.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="NonFiniteLossException">A loss or the gradient is NaN or infinite; nothing from that step is applied, and the last checkpoint is kept.</exception>
    /// <exception cref="OperationCanceledException">Canceled.</exception>
    /// <exception cref="TrainingCheckpointException">The checkpoint folder already has checkpoints, and the run was not resumed from one; another process is using it; or a checkpoint can't be written.</exception>
    public void Run(IProgress<TrainingStep>? progress = null, CancellationToken cancellationToken = default) =>
        Run(step => progress?.Report(step), cancellationToken);

    /// <summary>Frees the optimizer's state, and what steps keep for the next one.</summary>
    public void Dispose()
    {
        _loss.Teacher.Cache = _cacheBefore;
        _optimizer.Dispose();
        _loss.ReleaseMemory();
    }

    /// <summary>Does what all processes do, and ends the others where this one can't go on.</summary>
    private bool Together(Func<bool> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception)
        {
            _processes.End(exception);
            throw;
        }
    }

    private void Read(string checkpoint)
    {
        _format.Read(checkpoint, _state);
        _checkpoints?.Continue(checkpoint);
    }

    private void RequireOwnFolder()
    {
        if (_checkpoints?.Newest() is not { } newest)
        {
            return;
        }

        if (StepsDone == 0)
        {
            throw new TrainingCheckpointException($"{newest} is a checkpoint of another training run; resume from it, or name another folder for this run.");
        }

        if (_setsAside)
        {
            _checkpoints.SetAsideAfter(StepsDone);
        }
        else if (TrainingCheckpoints.StepOf(newest) > StepsDone)
        {
            throw new TrainingCheckpointException($"{newest} is newer than step {StepsDone}, from which this run would go on: another process has trained since. Resume again, or name another folder for this run.");
        }
    }

    private void RunSteps(Action<TrainingStep> onStep, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var (first, tokens) = (StepsDone, 0L);
        var saved = StepsDone;
        Agree();
        while ((End = EndAt(first)) == TrainingEnd.None)
        {
            if (_isCanceled)
            {
                Save();
                throw new OperationCanceledException(cancellationToken);
            }

            var step = Step(clock, first, ref tokens);
            if (_options.Evaluation is { } evaluation && (StepsDone % evaluation.Every == 0 || StepsDone == _options.Steps))
            {
                step = Evaluate(step);
            }

            if (StepsDone % _options.CheckpointEvery == 0 || step.IsBest || EndAt(first) != TrainingEnd.None)
            {
                Save();
            }

            onStep(step);
            Agree();
        }

        Save();
        _processes.Meet();
        void Save()
        {
            if (saved != StepsDone)
            {
                _processes.RequireNear(StepsDone, _named);
                (_processes.IsFirst ? _checkpoints : null)?.Write(_state);
            }

            saved = StepsDone;
        }

        void Agree() => (_isCanceled, _isTimeUp) = _processes.Agree(cancellationToken.IsCancellationRequested, clock.Elapsed >= _options.TimeLimit);
    }

    /// <summary>Why a run ends here, if it does; a time limit lets at least one step through, so that a run that is resumed again and again comes to its end.</summary>
    private TrainingEnd EndAt(int first) =>
        StepsDone >= _options.Steps ? TrainingEnd.Steps
        : _state.Best?.Since >= _options.Evaluation?.Patience ? TrainingEnd.NoImprovement
        : StepsDone >= _options.StopAfter ? TrainingEnd.StopAfter
        : StepsDone > first && _isTimeUp ? TrainingEnd.TimeLimit
        : TrainingEnd.None;

    /// <summary>Measures the held-out loss, and whether it is the best so far.</summary>
    private TrainingStep Evaluate(TrainingStep step)
    {
        var components = _heldOut!.Measure();
        var loss = components[ComponentLosses.CompositeKey];
        var best = _state.Best ?? (0, double.PositiveInfinity, 0);
        var isBest = loss < best.Loss;
        _state.Best = isBest ? (StepsDone, loss, 0) : best with { Since = best.Since + 1 };
        return step with { Evaluation = components, IsBest = isBest };
    }

    private TrainingStep Step(Stopwatch clock, int first, ref long tokens)
    {
        using var scope = NewDisposeScope();
        using var whole = Batch();
        using var batch = _processes.Part(whole);
        var rate = _schedule.At(StepsDone);
        foreach (var group in _optimizer.ParamGroups)
        {
            group.LearningRate = rate;
        }

        _loss.Step = StepsDone;
        _optimizer.zero_grad();
        _state.SeedDropout();
        using var values = _loss.RunStepInParts(_transform.Apply(batch), batch.LossMask, _options.MicroBatch ?? whole.BatchSize);
        _processes.SumGradients(_trained);
        var read = Read(values);
        using var phase = StepPhases.Begin("optimizer");
        var norm = double.NaN;
        var problem = read.Where(component => !double.IsFinite(component.Value)).Select(component => (component.Key, component.Value)).FirstOrDefault();
        if (problem.Key is null)
        {
            norm = _options.Clipping is { } clip ? clip(_trained) : Clip();
            problem = double.IsFinite(norm) ? default : ("gradient", norm);
        }

        if (problem.Key is not null)
        {
            Skip(problem.Key, problem.Value);
        }
        else
        {
            _optimizer.step();
            _skipped = 0;
        }

        _state.Step++;

        var real = whole.AttentionMask.Count ?? 0;
        tokens += real;
        var elapsed = clock.Elapsed;
        return new TrainingStep
        {
            Step = StepsDone,
            Steps = _options.Steps,
            Components = read,
            IsSkipped = problem.Key is not null,
            GradientNorm = norm,
            LearningRate = rate,
            Tokens = real,
            TokensPerSecond = tokens / elapsed.TotalSeconds,
            Elapsed = elapsed,
            Remaining = elapsed / (StepsDone - first) * (_options.Steps - StepsDone),
        };
    }

    /// <summary>Clips what is clipped together.</summary>
    /// <returns>The norm of the whole gradient before.</returns>
    private double Clip()
    {
        var norms = Array.ConvertAll(_clippedTogether, parameters => (double)nn.utils.clip_grad_norm_(parameters, _options.ClipNorm ?? double.PositiveInfinity));
        return norms is [var norm] ? norm : Math.Sqrt(norms.Sum(part => part * part));
    }

    private static IReadOnlyDictionary<string, double> Read(ComponentLosses values)
    {
        using var phase = StepPhases.Begin("read components");
        return values.Read();
    }

    private TokenBatch Batch()
    {
        using var phase = StepPhases.Begin("batch");
        return _batches.At(StepsDone);
    }

    /// <summary>Leaves a step out whose loss or gradient is not finite, or ends the run.</summary>
    private void Skip(string term, double value)
    {
        _skipped++;
        if (_options.OnNonFinite == NonFinitePolicy.Skip && _skipped < MostSkipped)
        {
            return;
        }

        var kept = _checkpoints?.Newest() is { } newest ? $" The last checkpoint is {newest}." : "";
        var rows = _batches.RowsAt(StepsDone);
        var named = rows.Count > 0 ? $" Rows of its batch: {string.Join(", ", rows)}." : "";
        var skipped = _options.OnNonFinite == NonFinitePolicy.Skip ? $" It is the {MostSkipped}th such step in a row." : "";
        throw new NonFiniteLossException(
            $"Step {StepsDone + 1}: {term} is {value.ToString(System.Globalization.CultureInfo.InvariantCulture)}. Nothing from this step was applied.{skipped}{kept}{named} " +
            "Lower the learning rate or the weight of this term, or look at the batch of this step.")
        {
            Step = StepsDone + 1,
            Term = term,
            Rows = rows,
        };
    }
}
