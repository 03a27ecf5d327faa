using Jigsaw.CompilerServices;
using Jigsaw.Passes;
using static TorchSharp.torch;

namespace Jigsaw.Steps;

/// <summary>The teacher's clean pass on all rows of a step, gathered from its micro-batches: for terms on embeddings that read what it predicts of the prompt, and for custom terms.</summary>
/// <param name="plan">The pass.</param>
/// <param name="rows">Rows of the step.</param>
internal sealed class KeptTarget(PassPlan plan, long rows) : IDisposable
{
    private Tensor? _hidden;
    private Tensor? _layer;
    private LanguageModelHead? _head;
    private long _next;

    /// <summary>True if a term on embeddings reads the pass.</summary>
    public static bool IsRead(PassPlan plan) => plan.PredictionsReadBy.Count + plan.WholeLogitsReadBy.Count + plan.WholeLayerReadBy.Count > 0;

    /// <summary>Adds the next rows.</summary>
    /// <param name="part">What the pass left of them.</param>
    public void Add(PassActivations part)
    {
        using var grad = no_grad();
        var count = 0L;
        if (plan.PredictionsReadBy.Count + plan.WholeLogitsReadBy.Count > 0)
        {
            (_head, count) = (part.Head, part.Hidden.shape[0]);
            Copy(ref _hidden, part.Hidden);
        }

        if (plan.WholeLayerReadBy.Count > 0)
        {
            count = part.Layer.shape[0];
            Copy(ref _layer, part.Layer);
        }

        _next += count;
    }

    /// <summary>The pass on all rows.</summary>
    public PassActivations[] Whole() => [new PassActivations(Pass.TeacherClean, _hidden, _layer, _head)];

    /// <summary>Frees the rows.</summary>
    public void Dispose()
    {
        _hidden?.Dispose();
        _layer?.Dispose();
    }

    private void Copy(ref Tensor? whole, Tensor part)
    {
        whole ??= empty([rows, .. part.shape[1..]], dtype: part.dtype, device: part.device).DetachFromDisposeScope();
        using var here = whole.narrow(0, _next, part.shape[0]);
        here.copy_(part);
    }
}
