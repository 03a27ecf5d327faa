using System.Globalization;
using System.Text.Json;
using Jigsaw.Data;
using Jigsaw.Models.Decoder;
using Jigsaw.Models.Lora;
using Jigsaw.Steps;
using Jigsaw.Training.Optimizers;
using Jigsaw.Transforms;
using Jigsaw.Transforms.Noise;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training;

/// <summary>The state of a training run at a step, by name, for a checkpoint to hold and restore.</summary>
public sealed class TrainingState
{
    /// <summary>The prefix of the adapters' tensor names.</summary>
    public const string StudentPrefix = "student.";

    /// <summary>The prefix of the transform's tensor names.</summary>
    public const string TransformPrefix = "transform.";

    private const string OptimizerPrefix = "optimizer.";
    private const string LossPrefix = "loss.";
    private const double MostSamples = 1L << 53;
    private const string SamplesName = TransformPrefix + "samples";
    private const string EvaluationPrefix = "evaluation.";
    private const string BestStepName = "best_step";
    private const string BestLossName = "best_loss";
    private const string SinceBestName = "since_best";
    private const string RandomName = "random_state";
    private const string StepsName = "training option " + nameof(TrainingOptions.Steps);

    private const string NumbersName = "optimizer's numbers";

    /// <summary>Settings that checkpoints hold since they are compared.</summary>
    private static readonly string[] _begunWith = ["model", "adapters", "recipe", NumbersName];

    private readonly BoundLoss _loss;
    private readonly IReadOnlyList<(string Name, Parameter Value)> _trained;
    private readonly OptimizerFields _optimizer;
    private readonly SeededNoise _noise;

    internal TrainingState(BoundLoss loss, StainedGlassTransform transform, ITokenBatches batches, TrainingOptions options, IReadOnlyList<(string Name, Parameter Value)> trained, optim.Optimizer optimizer)
    {
        _loss = loss;
        _trained = trained;
        _optimizer = new OptimizerFields(optimizer, trained);
        Transform = transform;
        _noise = transform.Seeded ?? throw new ArgumentException("The transform draws secure noise, which a resumed run could not draw again; make it by its constructor, or load it by StainedGlassTransform.LoadForTraining.", nameof(transform));
        Settings = SettingsOf(loss, transform, batches, options, optimizer);
    }

    /// <summary>Steps that have been done.</summary>
    public int Step { get; internal set; }

    /// <summary>The trained transform.</summary>
    public StainedGlassTransform Transform { get; }

    /// <summary>The trained adapters.</summary>
    public IAdapters Adapters => _loss.Student.Adapters;

    /// <summary>Step and composite loss of the best evaluation, and how many there have been since; step 0 if none was finite, null before the first.</summary>
    internal (int Step, double Loss, int Since)? Best { get; set; }

    /// <summary>The settings of the training run, as text by name: a checkpoint resumes only with the same settings.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>All tensors of the state: the trained ones, the optimizer's, by the names of these and of its fields, and the state of torch's CPU random number generator.</summary>
    /// <returns>Tensors by name, in a fixed order; the random state is in the caller's dispose scope.</returns>
    public IReadOnlyDictionary<string, Tensor> Tensors()
    {
        var tensors = new OrderedDictionary<string, Tensor>();
        foreach (var (name, value) in _trained)
        {
            tensors.Add(name, value);
        }

        foreach (var (name, value) in _optimizer.Tensors)
        {
            tensors.Add(OptimizerPrefix + name, value);
        }

        tensors.Add(RandomName, random.get_rng_state());
        return tensors;
    }

    /// <summary>All numbers of the state: the optimizer's, the bound loss's, how many samples the transform has drawn, and the best evaluation.</summary>
    public IReadOnlyDictionary<string, double> Numbers()
    {
        var numbers = new OrderedDictionary<string, double> { [SamplesName] = _noise.Count };
        foreach (var (name, value) in _optimizer.Numbers)
        {
            numbers.Add(OptimizerPrefix + name, value);
        }

        foreach (var (name, value) in _loss.SaveState())
        {
            numbers.Add(LossPrefix + name, value);
        }

        if (Best is { } best)
        {
            numbers.Add(EvaluationPrefix + BestStepName, best.Step);
            numbers.Add(EvaluationPrefix + BestLossName, best.Loss);
            numbers.Add(EvaluationPrefix + SinceBestName, best.Since);
        }

        return numbers;
    }

    /// <summary>Compares the settings of a checkpoint's training run. The number of steps may differ, and one that an older version of this library didn't write is not compared.</summary>
    /// <param name="directory">The checkpoint, for the message.</param>
    /// <param name="settings">The <see cref="Settings"/> that it holds.</param>
    /// <exception cref="TrainingCheckpointException">Some differ; the message names them all.</exception>
    public void RequireSettings(string directory, IReadOnlyDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var differences = settings.Keys.Union(Settings.Keys)
            .Where(name => name != StepsName && (settings.ContainsKey(name) || !_begunWith.Contains(name)))
            .Select(name => (Name: name, Then: settings.GetValueOrDefault(name, "absent"), Now: Settings.GetValueOrDefault(name, "absent")))
            .Where(setting => setting.Then != setting.Now)
            .Select(setting => $"{setting.Name} = {Shortened(setting.Then)}, now it is {Shortened(setting.Now)}")
            .ToArray();
        if (differences.Length > 0)
        {
            // A program keeps ramps in proportion to the run, so that another number of steps changes them.
            var ramps = settings.GetValueOrDefault(StepsName) is { } then && then != Settings[StepsName] && differences.All(difference => difference.Contains("_ramp_", StringComparison.Ordinal))
                ? $" Here the ramps follow the number of steps: resume with {then} steps, or begin a run of {Settings[StepsName]} with this one's result."
                : "";
            throw new TrainingCheckpointException($"The checkpoint {directory} was made with {string.Join("; with ", differences)}. Resume with what it was made with, or start a new run in another folder: only the number of steps, and where and how often checkpoints are written, may be changed.{ramps}");
        }
    }

    internal static string Shortened(string? value) => value is not { Length: > 160 } ? value ?? "null" : value[..160] + "…";

    /// <summary>Seeds torch's generators, from which dropout draws, with the step: it draws the same whatever came before. Without dropout they are left alone.</summary>
    internal void SeedDropout()
    {
        if (Adapters.IsRandom)
        {
            using var generator = random.manual_seed(unchecked((Transform.Seed!.Value * 6364136223846793005L) ^ ((Step + 1) * 1442695040888963407L)));
        }
    }

    /// <summary>Restores a state. Nothing is changed until everything is known to match.</summary>
    /// <param name="directory">The checkpoint, for the message.</param>
    /// <param name="step">Steps that had been done.</param>
    /// <param name="tensors">The <see cref="Tensors"/> that it holds; copied.</param>
    /// <param name="numbers">The <see cref="Numbers"/> that it holds.</param>
    /// <exception cref="TrainingCheckpointException">A tensor or a number is missing, has another shape, or is unknown.</exception>
    public void Restore(string directory, int step, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, double> numbers)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(numbers);
        foreach (var (name, parameter) in _trained)
        {
            if (!tensors.TryGetValue(name, out var saved) || !saved.shape.AsSpan().SequenceEqual(parameter.shape))
            {
                throw Other(directory, $"has no '{name}' of shape ({string.Join(", ", parameter.shape)})");
            }
        }

        var (kept, counted) = (Under(tensors, OptimizerPrefix), Under(numbers, OptimizerPrefix));
        if (_optimizer.Problem(kept, counted) is { } problem)
        {
            throw Other(directory, problem);
        }

        if (!tensors.TryGetValue(RandomName, out var randomState) || !numbers.TryGetValue(SamplesName, out var samples))
        {
            throw Other(directory, $"has no '{RandomName}' or '{SamplesName}'");
        }

        if (!(samples is >= 0 and <= MostSamples) || !double.IsInteger(samples))
        {
            throw Other(directory, $"has {Text(samples)} for '{SamplesName}', which is no count");
        }

        try
        {
            _loss.RestoreState(Under(numbers, LossPrefix));
        }
        catch (FormatException exception)
        {
            throw Other(directory, $"has a state of the loss that can't be read ({exception.Message})");
        }

        using var grad = no_grad();
        foreach (var (name, parameter) in _trained)
        {
            parameter.copy_(tensors[name]);
        }

        _optimizer.Restore(kept, counted);
        _noise.Count = (long)samples;
        Best = BestOf(Under(numbers, EvaluationPrefix));
        random.set_rng_state(randomState);
        Step = step;
    }

    private static (int Step, double Loss, int Since)? BestOf(Dictionary<string, double> numbers) =>
        numbers.TryGetValue(BestStepName, out var step) && numbers.TryGetValue(BestLossName, out var loss) && numbers.TryGetValue(SinceBestName, out var since) ? ((int)step, loss, (int)since) : null;

    private static TrainingCheckpointException Other(string directory, string problem) =>
        new($"The checkpoint {directory} {problem}; resume with the adapters, the transform and the optimizer that it was started with.");

    private static Dictionary<string, T> Under<T>(IReadOnlyDictionary<string, T> all, string prefix) =>
        all.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Value);

    private static OrderedDictionary<string, string> SettingsOf(BoundLoss loss, StainedGlassTransform transform, ITokenBatches batches, TrainingOptions options, optim.Optimizer optimizer)
    {
        var settings = new OrderedDictionary<string, string>();
        foreach (var property in JsonSerializer.SerializeToElement(options, TrainingOptionsJson.Default.TrainingOptions).EnumerateObject())
        {
            settings.Add("training option " + property.Name, property.Value.ToString());
        }

        settings.Add("optimizer", optimizer.GetType().Name);
        if (optimizer is IDescribedOptimizer described)
        {
            settings.Add(NumbersName, described.Numbers);
        }

        settings.Add("schedule", options.Schedule is { } schedule ? Described(schedule) : "from the options");
        settings.Add("batches", batches.Fingerprint ?? "unknown");
        if (options.TeacherCache is { } cache)
        {
            settings.Add("teacher's cache", cache.DType.ToString());
        }

        settings.Add("model", ModelFingerprint.Of(loss.Student.Model));
        settings.Add("adapters", loss.Student.Adapters is LoraAdapters { Config: var lora } ? JsonSerializer.Serialize(lora with { BaseModel = null }, TrainingOptionsJson.Default.LoraConfig) : loss.Student.Adapters.GetType().Name);
        settings.Add("recipe", loss.Plan.ToString() ?? "");
        settings.Add("transform's seed", Text(transform.Seed));
        settings.Add("transform's configuration", StoredTransform.Describe(transform.Config));
        foreach (var (name, value) in loss.Hyperparameters.ToDictionary())
        {
            settings.Add("hyperparameter " + name, Text(value));
        }

        return settings;
    }

    /// <summary>A schedule's text, the same on every machine: a record writes its numbers in the culture of the thread.</summary>
    private static string Described(ILearningRateSchedule schedule)
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
            return schedule.ToString() ?? "";
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "null";
}
