using Jigsaw.Models;
using Jigsaw.Models.Decoder;

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

    private protected override IAdapters? PassAdapters => null;

    private protected override IReadOnlyList<Pass> OwnPasses { get; } = [Pass.TeacherClean, Pass.TeacherNoisy];

    /// <summary>Frees the activations of the last forward; the model belongs to its loader.</summary>
    public void Dispose() => Forget();
}
