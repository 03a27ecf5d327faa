using System.Globalization;
using System.Text.Json.Serialization;
using Jigsaw.Processes;
using Jigsaw.Steps;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Jigsaw.Training;

/// <summary>How a training run proceeds. A recipe of the command line brings its own numbers.</summary>
public sealed record TrainingOptions
{
    /// <summary>Total number of steps, including those before a resume.</summary>
    public required int Steps { get; init; }

    /// <summary>The largest learning rate.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Steps over which the learning rate rises from 0 to its largest value.</summary>
    public int WarmupSteps { get; init; } = 30;

    /// <summary>The fraction of the learning rate at the last step, reached along a cosine unless <see cref="Decay"/> says otherwise.</summary>
    public double FinalLearningRateFraction { get; init; } = 0.1;

    /// <summary>How the learning rate falls after the warm-up.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public LearningRateDecay Decay { get; init; }

    /// <summary>β₁ of AdamW.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>β₂ of AdamW.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Weight decay of the adapters and the transform's block; the heads of μ and ρ have none.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>The gradient's norm is clipped to this, over all trained tensors unless <see cref="ClipsApart"/>; null disables it.</summary>
    public double? ClipNorm { get; init; } = 1.0;

    /// <summary>
    /// True if the norms of the adapters and of the transform are clipped separately, each to <see cref="ClipNorm"/>: otherwise whichever of the two has the larger gradient, slows the other down.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ClipsApart { get; init; }

    /// <summary>
    /// Rows of a batch that the models run on together; null runs on all. Gradients are added up over the micro-batches to those of one large batch, up to rounding: every mean is over the step's
    /// tokens, and terms on the transform's outputs are computed once for all rows. What can't be split is refused when the trainer is made: see <see cref="Jigsaw.Steps.BoundLoss.MicroBatchProblem"/>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int? MicroBatch { get; init; }

    /// <summary>What keeps the values that it has before the first step, such as <see cref="TrainedParts.Transform"/> for a student that learns to read a given transform.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [JsonConverter(typeof(JsonStringEnumConverter<TrainedParts>))]
    public TrainedParts Frozen { get; init; }

    /// <summary>
    /// The processes that train together, each with some rows of every step; null for this one alone. Batches, options, model and transform are the same in all of them, and so is what they train, up to rounding that of one
    /// process. The first one writes checkpoints; a run may be resumed by another number of processes. See <c>docs/scaling.md</c>.
    /// </summary>
    [JsonIgnore]
    public IProcessGroup? Processes { get; init; }

    /// <summary>What is done about a step whose loss or gradient is NaN or infinite.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public NonFinitePolicy OnNonFinite { get; init; }

    /// <summary>Held-out batches that the run is measured on while it trains; null for none. With checkpoints, the one of the best evaluation is kept beside the last two.</summary>
    [JsonIgnore]
    public TrainingEvaluation? Evaluation { get; init; }

    /// <summary>Where the teacher's clean pass is kept, so that it runs once for each row of the data; null runs it in each step. It is of the loss's model, and stays the caller's. A run resumes only with a cache of the same dtype.</summary>
    [JsonIgnore]
    public TeacherCache? TeacherCache { get; init; }

    /// <summary>The run ends after the first step that is done when this much time has passed since it began or was resumed; null for no limit.</summary>
    [JsonIgnore]
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>The run ends after this step, counted as <see cref="Steps"/> are, with a checkpoint; learning rate and ramps stay those of all steps, so a run that is resumed goes on as if it had not ended. Null for no such end.</summary>
    [JsonIgnore]
    public int? StopAfter { get; init; }

    /// <summary>Where checkpoints go; null writes none.</summary>
    [JsonIgnore]
    public string? CheckpointDirectory { get; init; }

    /// <summary>Steps between two checkpoints; the last step writes one in any case.</summary>
    [JsonIgnore]
    public int CheckpointEvery { get; init; } = 100;

    /// <summary>
    /// Makes the optimizer over the trained tensors; null makes <see cref="JigsawOptimizer.AdamW(IReadOnlyList{ParameterGroup}, double, double, double, double)"/>
    /// of these options' numbers. Any optimizer derived from <see cref="OptimizerHelper"/> works, TorchSharp's or a custom one. Its learning rate is set before each step.
    /// </summary>
    [JsonIgnore]
    public Func<IReadOnlyList<ParameterGroup>, optim.Optimizer>? Optimizer { get; init; }

    /// <summary>The learning rate of each step; null is a linear warm-up and the <see cref="Decay"/> of these options' numbers.</summary>
    [JsonIgnore]
    public ILearningRateSchedule? Schedule { get; init; }

    /// <summary>Changes the gradients of the trained tensors before the optimizer's step, and returns their norm before the change; null clips as <see cref="ClipNorm"/> and <see cref="ClipsApart"/> say.</summary>
    [JsonIgnore]
    public Func<IReadOnlyList<Parameter>, double>? Clipping { get; init; }

    /// <summary>The on-disk form of a checkpoint; null is the format that <c>docs/training.md</c> describes.</summary>
    [JsonIgnore]
    public ICheckpointFormat? CheckpointFormat { get; init; }

    /// <summary>Checks the numbers.</summary>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    public void Validate()
    {
        Require(Steps > 0, nameof(Steps), Steps, "at least 1");
        Require(double.IsFinite(LearningRate) && LearningRate > 0, nameof(LearningRate), LearningRate, "a finite number above 0");
        Require(WarmupSteps >= 0, nameof(WarmupSteps), WarmupSteps, "at least 0");
        Require(FinalLearningRateFraction is >= 0 and <= 1, nameof(FinalLearningRateFraction), FinalLearningRateFraction, "a number in [0, 1]");
        Require(Beta1 is >= 0 and < 1, nameof(Beta1), Beta1, "a number in [0, 1)");
        Require(Beta2 is >= 0 and < 1, nameof(Beta2), Beta2, "a number in [0, 1)");
        Require(double.IsFinite(WeightDecay) && WeightDecay >= 0, nameof(WeightDecay), WeightDecay, "a finite number that is at least 0");
        Require(ClipNorm is null or > 0, nameof(ClipNorm), ClipNorm ?? 0, "null or a number above 0");
        Require(MicroBatch is null or > 0, nameof(MicroBatch), MicroBatch ?? 0, "null or at least 1");
        Require(Frozen is >= TrainedParts.None and < (TrainedParts.Adapters | TrainedParts.Transform), nameof(Frozen), (int)Frozen, "parts of TrainedParts that leave one to train");
        Require(TimeLimit is null || TimeLimit > TimeSpan.Zero, nameof(TimeLimit), TimeLimit?.TotalSeconds ?? 0, "null or a time above 0");
        Require(StopAfter is null or > 0, nameof(StopAfter), StopAfter ?? 0, "null or at least 1");
        Evaluation?.Validate();
        Require(CheckpointEvery > 0, nameof(CheckpointEvery), CheckpointEvery, "at least 1");
    }

    /// <summary>The schedule of these options' numbers.</summary>
    internal ILearningRateSchedule DecaySchedule() => Decay switch
    {
        LearningRateDecay.Cosine => new LearningRateSchedule(LearningRate, WarmupSteps, Steps, FinalLearningRateFraction),
        LearningRateDecay.Linear => new LinearLearningRate(LearningRate, WarmupSteps, Steps, FinalLearningRateFraction),
        _ => new LinearLearningRate(LearningRate, WarmupSteps, Steps, FinalFraction: 1),
    };

    private static void Require(bool holds, string name, double value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{name} of the training run is {value}; use {rule}."), name);
        }
    }
}
