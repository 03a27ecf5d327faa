using Jigsaw.Batches;
using Jigsaw.Diagnostics;
using static TorchSharp.torch;

namespace Jigsaw.Steps;

/// <summary>A batch cut off from the transform's graph: the gradients of a step come together at leaves in place of x, x̃, μ and σ, and are sent through the transform once.</summary>
internal sealed class StepLeaves
{
    private readonly TransformedBatch _batch;

    public StepLeaves(TransformedBatch batch)
    {
        _batch = batch;
        Batch = new TransformedBatch
        {
            InputIds = batch.InputIds,
            HostIds = batch.HostIds,
            AttentionMask = batch.AttentionMask,
            NoiseMask = batch.NoiseMask,
            NotInReplyMask = batch.NotInReplyMask,
            InReplyMask = batch.InReplyMask,
            PrivateMask = batch.PrivateMask,
            Moments = batch.Moments,
            Clean = Leaf(batch.Clean),
            Noisy = Leaf(batch.Noisy),
            Means = Leaf(batch.Means),
            Stds = Leaf(batch.Stds),
            StdMax = batch.StdMax,
            MedianNorm = batch.MedianNorm,
        };
    }

    /// <summary>The batch with leaves.</summary>
    public TransformedBatch Batch { get; }

    /// <summary>Propagates the gradients accumulated at the leaves through the transform.</summary>
    public void Send()
    {
        using var phase = StepPhases.Begin("backward of the transform");
        var outputs = new List<Tensor>();
        var gradients = new List<Tensor>();
        foreach (var (output, leaf) in (ReadOnlySpan<(Tensor, Tensor)>)[(_batch.Clean, Batch.Clean), (_batch.Noisy, Batch.Noisy), (_batch.Means, Batch.Means), (_batch.Stds, Batch.Stds)])
        {
            if (leaf.grad is { } gradient)
            {
                outputs.Add(output);
                gradients.Add(gradient);
            }
        }

        if (outputs.Count > 0)
        {
            autograd.backward(outputs, gradients);
        }
    }

    private static Tensor Leaf(Tensor tensor) => tensor.detach().requires_grad_(tensor.requires_grad);
}
