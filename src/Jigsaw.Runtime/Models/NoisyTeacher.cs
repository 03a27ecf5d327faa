using Jigsaw.Losses;
using static TorchSharp.torch;

namespace Jigsaw.Models;

/// <summary>The base model as it is: the target on clean embeddings, and the reader that must fail on transformed ones.</summary>
public sealed class NoisyTeacher : NoisyModel, IDisposable
{
    /// <summary>Makes a teacher of a loaded model, which stays the caller's.</summary>
    /// <param name="model">The frozen base.</param>
    public NoisyTeacher(CausalLM model)
        : base(model)
    {
    }

    private protected override IReadOnlyList<Pass> OwnPasses { get; } = [Pass.TeacherClean, Pass.TeacherNoisy];

    /// <summary>Frees what the last forward left; the model is its loader's.</summary>
    public void Dispose() => Forget();

    private protected override PassActivations Run(PassPlan plan, TransformedBatch batch, int? distillationLayer)
    {
        var clean = plan.Pass == Pass.TeacherClean;
        using var grad = set_grad_enabled(is_grad_enabled() && plan.Gradient != Gradient.None);
        var states = Model.Run(clean ? batch.Clean : batch.Noisy, batch.AttentionMask, adapters: null, plan.Layer ? distillationLayer : null, toEnd: plan.Logits);
        return new PassActivations(plan.Pass, states.Last, states.Layer, plan.Logits ? Model.Head : null);
    }
}
