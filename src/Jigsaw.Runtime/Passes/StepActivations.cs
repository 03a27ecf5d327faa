using Jigsaw.Batches;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Passes;

/// <summary>All that the loss of one step reads: the transformed batch and what the planned passes left.</summary>
public sealed class StepActivations
{
    private readonly PassActivations?[] _passes = new PassActivations?[4];

    /// <summary>Gathers what one step left.</summary>
    /// <param name="batch">The transformed batch that both models saw.</param>
    /// <param name="passes">What the passes left, each at most once.</param>
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

    /// <summary>The stage of a step that runs pass by pass; null: all terms are computed at once.</summary>
    internal StepStage? Stage { get; init; }

    /// <summary>What kernels keep beyond this call, each found by its type: workspaces, targets, calibrations. The passes know none of these types.</summary>
    internal IReadOnlyList<object> Services { get; init; } = [];

    /// <summary>A constant that stands for the terms of other stages, shape ().</summary>
    public Tensor Zero => zeros([], dtype: KernelArguments.AccumulationType([Noisy]), device: Noisy.device);

    /// <summary>Whether the terms on embeddings are computed now: always, but in a step that runs pass by pass.</summary>
    public bool IncludesEmbeddings => Stage is null || Stage.IsLast;

    /// <summary>The training step, from 0, which weights that rise depend on.</summary>
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

    /// <summary>The largest σ that the transform can give.</summary>
    public double StdMax => Batch.StdMax;

    /// <summary>T, the median L2 norm of the embedding table's rows.</summary>
    public double MedianNorm => Batch.MedianNorm;

    /// <summary>The base model on x.</summary>
    public PassActivations TeacherClean => Of(Pass.TeacherClean);

    /// <summary>The base model on x̃.</summary>
    public PassActivations TeacherNoisy => Of(Pass.TeacherNoisy);

    /// <summary>The adapted model on x̃.</summary>
    public PassActivations StudentNoisy => Of(Pass.StudentNoisy);

    /// <summary>The adapted model on x.</summary>
    public PassActivations StudentClean => Of(Pass.StudentClean);

    /// <summary>Whether the terms that read a pass are computed now: always, but in a step that runs pass by pass.</summary>
    public bool Includes(Pass pass) => Stage is null || Stage.Passes.Contains(pass);

    /// <summary>A service by its type; null if the step has none.</summary>
    internal T? Service<T>()
        where T : class => Services.OfType<T>().FirstOrDefault();

    /// <summary>What one pass left.</summary>
    /// <exception cref="InvalidOperationException">The plan doesn't run this pass.</exception>
    public PassActivations Of(Pass pass) =>
        _passes[(int)pass] ?? throw new InvalidOperationException($"The pass {pass} was not run: the plan of the recipe does not ask for it.");
}
