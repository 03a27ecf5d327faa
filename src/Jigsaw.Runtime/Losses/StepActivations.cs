using System.ComponentModel;
using Jigsaw.Batches;
using Jigsaw.Losses.Information;
using Jigsaw.Passes;
using Jigsaw.Processes;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.CompilerServices;

/// <summary>
/// Everything that the loss of one step reads: the transformed batch and the activations of the planned passes. In a step that runs pass by pass, the loss is computed
/// once per stage, and terms of other stages are 0.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class StepActivations
{
    private readonly PassActivations?[] _passes = new PassActivations?[4];

    /// <summary>Gathers the activations of one step.</summary>
    /// <param name="batch">The transformed batch that both models saw.</param>
    /// <param name="passes">The activations of the passes, each at most once.</param>
    public StepActivations(TransformedBatch batch, params IEnumerable<PassActivations> passes)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(passes);
        Batch = batch;
        foreach (var pass in passes)
        {
            _passes[(int)pass.Pass] = pass;
        }
    }

    /// <summary>The stage of a step that runs pass by pass; null if all terms are computed at once.</summary>
    internal StepStage? Stage { get; init; }

    /// <summary>What kernels keep beyond this call, each looked up by type: workspaces, targets, calibrations.</summary>
    internal IReadOnlyList<object> Services { get; init; } = [];

    /// <summary>A constant that stands for the terms of other stages, shape ().</summary>
    internal Tensor Zero => zeros([], dtype: KernelArguments.AccumulationType([Noisy]), device: Noisy.device);

    /// <summary>True if the terms on embeddings are computed now: always true, except in a step that runs pass by pass.</summary>
    internal bool IncludesEmbeddings => Stage is null || Stage.IsLast;

    /// <summary>The training step, from 0, which ramped weights and terms of some steps depend on.</summary>
    public long Step { get; init; }

    /// <summary>The transformed batch.</summary>
    public TransformedBatch Batch { get; }

    /// <summary>x, shape (batch, sequence, features).</summary>
    public Tensor Clean => Batch.Clean;

    /// <summary>x̃, shape (batch, sequence, features).</summary>
    public Tensor Noisy => Batch.Noisy;

    /// <summary>μ, shape (batch, sequence, features).</summary>
    public Tensor Means => Batch.Means;

    /// <summary>σ, shape (batch, sequence, features).</summary>
    public Tensor Stds => Batch.Stds;

    /// <summary>Token ids, shape (batch, sequence), int64.</summary>
    public Tensor InputIds => Batch.InputIds;

    /// <summary>Real tokens.</summary>
    public RowMask AttentionMask => Batch.AttentionMask;

    /// <summary>Tokens that the transform changes.</summary>
    public RowMask NoiseMask => Batch.NoiseMask;

    /// <summary>Of these, those that the reply does not repeat.</summary>
    public RowMask NotInReplyMask => Known(Batch.NotInReplyMask, TokenMask.NotInReply);

    /// <summary>Of these, those that the reply repeats.</summary>
    public RowMask InReplyMask => Known(Batch.InReplyMask, TokenMask.InReply);

    /// <summary>Of these, those that the data names as private.</summary>
    public RowMask PrivateMask => Known(Batch.PrivateMask, TokenMask.Private);

    /// <summary>The largest σ that the transform can produce.</summary>
    public double StdMax => Batch.StdMax;

    /// <summary>T, the median L2 norm of the embedding table's rows.</summary>
    public double MedianNorm => Batch.MedianNorm;

    /// <summary>How much the tokens surprise the teacher on clean embeddings.</summary>
    public TokenSurprisal Surprisal => new(this);

    /// <summary>The base model on x.</summary>
    public PassActivations TeacherClean => Of(Pass.TeacherClean);

    /// <summary>The base model on x̃.</summary>
    public PassActivations TeacherNoisy => Of(Pass.TeacherNoisy);

    /// <summary>The adapted model on x̃.</summary>
    public PassActivations StudentNoisy => Of(Pass.StudentNoisy);

    /// <summary>The adapted model on x.</summary>
    public PassActivations StudentClean => Of(Pass.StudentClean);

    /// <summary>The step for a term that is evaluated on some steps: these activations on a step that the number divides; otherwise ones by which every term is 0, and which read no pass.</summary>
    /// <param name="steps">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    public StepActivations Every(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return Step % steps == 0 ? this : new StepActivations(Batch) { Step = Step, Stage = new StepStage([], IsLast: false), Services = Services };
    }

    /// <summary>Starts the terms on the logits.</summary>
    /// <param name="target">What cross-entropies compare with.</param>
    /// <param name="gradientFilter">The allowed relative error of the cross-entropies' gradient, from 0 to 1; see <see cref="LogitTerms.Begin"/>.</param>
    public LogitTerms OnLogits(CeTarget target, double gradientFilter = 0)
    {
        if (gradientFilter > 0)
        {
            RequireWholeStep("GradientFilter learns from the tokens of a whole step, and");
        }

        return LogitTerms.Begin(this, target, gradientFilter);
    }

    /// <summary>Starts the terms that compare a pass's hidden states at the distillation layer with the teacher's on clean embeddings.</summary>
    /// <param name="pass">The pass that is compared.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices differ.</exception>
    /// <exception cref="InvalidOperationException">The plan doesn't run the pass, or reads no layer of it.</exception>
    public PairLoss AtLayer(Pass pass) => Includes(pass) ? PairLoss.Begin(Of(pass).Layer, TeacherClean.Layer) : PairLoss.Elsewhere(this);

    /// <summary>Starts the terms that compare two tensors of the transform.</summary>
    /// <param name="first">Shape (batch, sequence, features).</param>
    /// <param name="second">The same shape, on the same device.</param>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices differ.</exception>
    public PairLoss OnEmbeddings(Tensor first, Tensor second) => IncludesEmbeddings ? PairLoss.Begin(first, second) : PairLoss.Elsewhere(this);

    /// <summary>The other terms on the transform's outputs.</summary>
    public EmbeddingTerms OnEmbeddings() => IncludesEmbeddings ? EmbeddingTerms.Here : EmbeddingTerms.Elsewhere(this);

    /// <summary>The prompts of this step with tokens replaced by what the teacher might have expected.</summary>
    public CounterfactualPrompts Counterfactuals => new(this);

    /// <summary>True if a custom term that reads no pass but the teacher's clean one is evaluated now: always, except where <see cref="Every"/> leaves it out or the step runs pass by pass.</summary>
    /// <param name="key">The term's component key, for messages.</param>
    /// <exception cref="ProcessGroupException">The rows of the batch are spread over processes, so a term that reads whole tensors can't be evaluated.</exception>
    public bool Evaluates(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (Batch.NoiseMask.Step is { Rows: > 0, Group.Size: > 1 })
        {
            throw new ProcessGroupException($"The custom term '{key}' reads whole tensors, of which each process has some rows; let it take rows of logits, or train in one process.");
        }

        return IncludesEmbeddings;
    }

    /// <summary>True if a custom term that reads a pass is evaluated now. If it reads several passes, they are all in one stage.</summary>
    /// <param name="key">The term's component key, for messages.</param>
    /// <param name="pass">The pass, or one of them.</param>
    /// <exception cref="InvalidOperationException">The step is divided into micro-batches.</exception>
    public bool Evaluates(string key, Pass pass)
    {
        ArgumentNullException.ThrowIfNull(key);
        RequireWholeStep($"The custom term '{key}' reads whole tensors of {pass}, and");
        return Includes(pass);
    }

    /// <summary>The value of a custom term.</summary>
    /// <param name="key">The term's component key, for messages.</param>
    /// <param name="value">What the term returned.</param>
    /// <exception cref="InvalidOperationException">It is not a scalar: null, a disposed tensor, another shape, a dtype that is not floating, or a tensor on another device.</exception>
    public TermValue Custom(string key, Tensor value)
    {
        ArgumentNullException.ThrowIfNull(key);
        return CustomScalar.Checked(key, value, Noisy);
    }

    /// <summary>The value of a custom term that is not evaluated now: a constant 0.</summary>
    public TermValue NotEvaluated => Zero;

    private void RequireWholeStep(string reason)
    {
        if (Batch.NoiseMask.Step is { } step)
        {
            throw new InvalidOperationException($"{reason} this step has {step.Count} micro-batches, whose values would not add up to that of one batch; leave MicroBatch out, or remove it from the recipe.");
        }
    }

    /// <summary>The share of its full weight that a weight has at this step: 0 up to <paramref name="from"/>, 1 from <paramref name="from"/> + <paramref name="steps"/> on.</summary>
    /// <param name="ramp">How it rises.</param>
    /// <param name="from">The step at which it starts to rise.</param>
    /// <param name="steps">Over how many steps it rises, at least 1.</param>
    public double Ramp(Ramp ramp, int from, int steps) => WeightRamp.At(ramp, Step, from, steps);

    /// <summary>The weight that a geometric ramp has at this step: 0 before <paramref name="startFrom"/>, <paramref name="start"/> up to <paramref name="from"/>, the full weight from <paramref name="from"/> + <paramref name="steps"/> on.</summary>
    /// <param name="weight">The full weight.</param>
    /// <param name="start">The weight that it rises from, above 0.</param>
    /// <param name="startFrom">The step before which it is 0.</param>
    /// <param name="from">The step at which it starts to rise.</param>
    /// <param name="steps">Over how many steps it rises, at least 1.</param>
    public double GeometricRamp(double weight, double start, int startFrom, int from, int steps) => WeightRamp.Geometric(Step, weight, start, startFrom, from, steps);

    /// <summary>True if the terms that read a pass are computed now: always true, except in a step that runs pass by pass.</summary>
    internal bool Includes(Pass pass) => Stage is null || Stage.Passes.Contains(pass);

    /// <summary>What the teacher's clean pass expects of the tokens of a mask.</summary>
    /// <param name="mask">Tokens that are asked about.</param>
    /// <param name="seed">Seed of the draws; null draws none.</param>
    /// <exception cref="InvalidOperationException">The plan doesn't run the pass to its logits.</exception>
    internal PromptPredictions Predict(RowMask mask, long? seed) => PromptPredictions.Of(
        TeacherClean.Hidden,
        TeacherClean.Head ?? throw new InvalidOperationException("The teacher's clean pass has no LM head: the recipe's plan does not ask for its logits."),
        InputIds,
        AttentionMask,
        mask,
        seed);

    /// <summary>One of the batch's masks.</summary>
    internal RowMask MaskOf(TokenMask mask) => mask switch
    {
        TokenMask.Attention => AttentionMask,
        TokenMask.NotInReply => NotInReplyMask,
        TokenMask.InReply => InReplyMask,
        TokenMask.Private => PrivateMask,
        _ => NoiseMask,
    };

    /// <summary>A service by its type; null if the step has none.</summary>
    internal T? Service<T>()
        where T : class => Services.OfType<T>().FirstOrDefault();

    /// <summary>The activations of one pass.</summary>
    /// <exception cref="InvalidOperationException">The plan doesn't run this pass.</exception>
    internal PassActivations Of(Pass pass) =>
        _passes[(int)pass] ?? throw new InvalidOperationException($"The pass {pass} was not run: the recipe's plan does not ask for it.");

    private static RowMask Known(RowMask? mask, TokenMask name) => mask ?? throw new InvalidOperationException(
        $"The recipe averages over TokenMask.{name}, which this batch doesn't know: only the text tells it; make batches with NoiseTokenizer, or give the TokenBatch these masks.");
}
