using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Passes;

namespace Jigsaw.Steps;

/// <summary>The unchanged base model: the target on clean embeddings, which must fail on transformed ones.</summary>
public sealed class NoisyTeacher : NoisyModel, IDisposable
{
    /// <summary>Makes a teacher of a loaded model, which stays the caller's.</summary>
    /// <param name="model">The frozen base.</param>
    public NoisyTeacher(ICausalLM model)
        : base(model)
    {
    }

    /// <summary>Where the clean pass's hidden states are kept, so that the pass runs once for each row of the data; null runs it in each step. It stays the caller's.</summary>
    /// <exception cref="ArgumentException">It is the cache of another model.</exception>
    public TeacherCache? Cache
    {
        get;
        set => field = value is null || value.IsOf(Model) ? value : throw new ArgumentException("The cache is that of another model; make it of the teacher's own.", nameof(value));
    }

    private protected override IAdapters? PassAdapters => null;

    private protected override IReadOnlyList<Pass> OwnPasses { get; } = [Pass.TeacherClean, Pass.TeacherNoisy];

    private protected override HiddenStates States(PassPlan plan, TransformedBatch batch, int? layer) => plan.Pass == Pass.TeacherClean && Cache is { } cache
        ? cache.Run(batch, layer, plan.Logits, () => base.States(plan, batch, layer))
        : base.States(plan, batch, layer);

    /// <summary>Frees the activations of the last forward; the model belongs to its loader.</summary>
    public void Dispose() => Forget();
}
