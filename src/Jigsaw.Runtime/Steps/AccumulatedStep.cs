using Jigsaw.Batches;
using Jigsaw.Losses;
using static TorchSharp.torch;

namespace Jigsaw.Steps;

/// <summary>
/// A step in micro-batches: the transform runs once for all rows, the models run on some of them at a time, and values and gradients add up to those of one large batch, since every mean
/// is over the tokens of the whole step.
/// </summary>
internal sealed class AccumulatedStep(BoundLoss loss, TransformedBatch batch, RowMask lossMask)
{
    private const string CapKey = "_max_loss";

    /// <summary>Runs the step.</summary>
    /// <param name="rows">Rows of a micro-batch, fewer than those of the batch.</param>
    /// <returns>The components of the whole step.</returns>
    public ComponentLosses Run(int rows)
    {
        using var scope = NewDisposeScope();
        var (all, sequence) = ((int)batch.InputIds.shape[0], (int)batch.InputIds.shape[1]);
        var starts = Enumerable.Range(0, (all + rows - 1) / rows).Select(i => i * rows).ToArray();
        using var step = new MicroBatches(starts.Length);
        var leaves = ((Tensor[])[batch.Clean, batch.Noisy, batch.Means, batch.Stds]).Select(tensor => tensor.detach().requires_grad_(tensor.requires_grad)).ToArray();
        var masks = ((RowMask?[])[batch.AttentionMask, batch.NoiseMask, lossMask, batch.NotInReplyMask, batch.InReplyMask, batch.PrivateMask]).Select(mask => mask is null ? null : Split(mask, step, starts, rows, sequence)).ToArray();
        try
        {
            if (IsCapped())
            {
                using var grad = no_grad();
                step.FindsMeans = true;
                RunParts().Dispose();
                step.FindsMeans = false;
            }

            var sum = RunParts();
            Send(leaves);
            return sum;
        }
        finally
        {
            foreach (var mask in masks.SelectMany(parts => parts ?? []))
            {
                mask.Dispose();
            }
        }

        ComponentLosses RunParts()
        {
            ComponentLosses? sum = null;
            for (var i = 0; i < starts.Length; i++)
            {
                using var part = NewDisposeScope();
                step.Begin();
                var length = Math.Min(rows, all - starts[i]);
                Tensor Of(Tensor tensor) => tensor.narrow(0, starts[i], length);
                var components = loss.RunStep(
                    new TransformedBatch
                    {
                        InputIds = Of(batch.InputIds),
                        AttentionMask = masks[0]![i],
                        NoiseMask = masks[1]![i],
                        NotInReplyMask = masks[3]?[i],
                        InReplyMask = masks[4]?[i],
                        PrivateMask = masks[5]?[i],
                        Clean = Of(leaves[0]),
                        Noisy = Of(leaves[1]),
                        Means = Of(leaves[2]),
                        Stds = Of(leaves[3]),
                        StdMax = batch.StdMax,
                        MedianNorm = batch.MedianNorm,
                    },
                    masks[2]![i]);
                if (sum is not null)
                {
                    components.Add(sum);
                    sum.Dispose();
                }

                sum = components;
            }

            return sum!;
        }
    }

    /// <summary>True if a term has a cap, whose mean has to be known before its gradient.</summary>
    private bool IsCapped()
    {
        var isCapped = loss.Hyperparameters.ToDictionary().Any(number => number.Key.EndsWith(CapKey, StringComparison.Ordinal) && number.Value is not null);
        return isCapped && loss.Student.Adapters.IsRandom
            ? throw new InvalidOperationException("A capped term in micro-batches runs the passes twice, and the adapters' dropout would draw other numbers the second time; leave MicroBatch out, remove MaxLoss, or use adapters without dropout.")
            : isCapped;
    }

    /// <summary>Propagates the gradients accumulated at the rows through the transform, once.</summary>
    private void Send(Tensor[] leaves)
    {
        var sent = ((Tensor[])[batch.Clean, batch.Noisy, batch.Means, batch.Stds]).Zip(leaves, (output, leaf) => (Output: output, Gradient: leaf.grad)).Where(pair => pair.Gradient is not null).ToArray();
        if (sent.Length > 0)
        {
            autograd.backward([.. sent.Select(pair => pair.Output)], [.. sent.Select(pair => pair.Gradient!)]);
        }
    }

    private static RowMask[] Split(RowMask mask, MicroBatches step, int[] starts, int rows, int sequence)
    {
        if (mask.Host.IsEmpty)
        {
            throw new InvalidOperationException("A step in micro-batches counts tokens on the host, but a mask of its batch was made from a tensor; make it by RowMask.FromHost, or leave MicroBatch out.");
        }

        var host = mask.Host.ToArray();
        return RowMask.OfStep(step, [.. starts.Select(start => host.Skip(start * sequence).Take(rows * sequence).ToArray())], sequence, mask.Device);
    }
}
