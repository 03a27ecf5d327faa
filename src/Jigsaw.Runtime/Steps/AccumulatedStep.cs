using Jigsaw.Batches;
using Jigsaw.Losses;
using Jigsaw.Processes;
using static TorchSharp.torch;

namespace Jigsaw.Steps;

/// <summary>
/// A step in micro-batches, and of several processes: the transform runs once for all rows, the models run on some of them at a time, and values and gradients add up to those of one large batch, since every mean
/// over tokens of a pass is over those of the whole step, and the terms on embeddings are computed for all rows of a process at once, with an exchange where they depend on those of the others.
/// </summary>
internal sealed class AccumulatedStep(BoundLoss loss, TransformedBatch batch, RowMask lossMask)
{
    private const string CapKey = "_max_loss";

    /// <summary>Runs the step.</summary>
    /// <param name="rows">Rows of a micro-batch.</param>
    /// <returns>The components of the whole step.</returns>
    public ComponentLosses Run(int rows)
    {
        using var scope = NewDisposeScope();
        var cut = new StepLeaves(batch);
        var leaves = cut.Batch;
        var plan = loss.Plan.At(loss.Step);
        var clean = plan.Find(Pass.TeacherClean);
        using var kept = clean is not null && KeptTarget.IsRead(clean) ? new KeptTarget(clean, batch.InputIds.shape[0]) : null;
        using var passes = plan.Passes.Count == 0 ? null : RunPasses(rows, leaves, kept);
        var sum = loss.RunPart(leaves, lossMask, new StepPart(isOfEmbeddings: true) { Target = kept?.Whole() });
        if (passes is not null)
        {
            sum.Add(passes);
        }

        GroupTensors.Sum(Share?.Group, sum.Values);
        cut.Send();
        return sum;
    }

    /// <summary>What this process has of the step; null if there is one.</summary>
    private MicroBatches? Share => batch.NoiseMask.Step;

    /// <summary>The terms that read passes, some rows at a time.</summary>
    private ComponentLosses RunPasses(int microBatch, TransformedBatch leaves, KeptTarget? kept)
    {
        var (all, sequence) = ((int)batch.InputIds.shape[0], (int)batch.InputIds.shape[1]);
        var rows = Math.Min(microBatch, all);
        var starts = Enumerable.Range(0, (all + rows - 1) / rows).Select(i => i * rows).ToArray();
        var parts = Share is { Group: { } group } share ? ProcessRows.Parts(share.Rows, group.Size, microBatch) : starts.Length;

        // Where each process has one part, a mean is exchanged as soon as it is there, and nothing has to run twice.
        var exchanges = parts == Share?.Group?.Size;
        using var step = new MicroBatches(parts) { Group = Share?.Group, FirstRow = Share?.FirstRow ?? 0, OwnRows = Share?.OwnRows ?? 0, Rows = exchanges ? Share!.Rows : 0 };
        var masks = ((RowMask?[])[batch.AttentionMask, batch.NoiseMask, lossMask, batch.NotInReplyMask, batch.InReplyMask, batch.PrivateMask]).Select(mask => mask is null ? null : mask.Split(step, starts, rows)).ToArray();
        try
        {
            if (!exchanges && IsCapped())
            {
                FindMeans(step, starts, RunPart);
            }

            ComponentLosses? sum = null;
            for (var i = 0; i < starts.Length; i++)
            {
                var components = RunPart(i, new StepPart(isOfEmbeddings: false) { Kept = kept });
                if (sum is not null)
                {
                    components.Add(sum);
                    sum.Dispose();
                }

                sum = components;
            }

            return sum!;
        }
        finally
        {
            foreach (var mask in masks.SelectMany(parts => parts ?? []))
            {
                mask.Dispose();
            }
        }

        ComponentLosses RunPart(int i, StepPart part)
        {
            using var scope = NewDisposeScope();
            step.Begin();
            var length = Math.Min(rows, all - starts[i]);
            Tensor Of(Tensor tensor) => tensor.narrow(0, starts[i], length);
            var micro = new TransformedBatch
            {
                InputIds = Of(batch.InputIds),
                HostIds = batch.HostIds?.Slice(starts[i] * sequence, length * sequence),
                AttentionMask = masks[0]![i],
                NoiseMask = masks[1]![i],
                NotInReplyMask = masks[3]?[i],
                InReplyMask = masks[4]?[i],
                PrivateMask = masks[5]?[i],
                Clean = Of(leaves.Clean),
                Noisy = Of(leaves.Noisy),
                Means = Of(leaves.Means),
                Stds = Of(leaves.Stds),
                StdMax = batch.StdMax,
                MedianNorm = batch.MedianNorm,
            };
            return loss.RunPart(micro, masks[2]![i], part);
        }
    }

    /// <summary>Finds the means of capped terms over all micro-batches. The first of them shows if this step evaluates any.</summary>
    private static void FindMeans(MicroBatches step, int[] starts, Func<int, StepPart, ComponentLosses> run)
    {
        using var grad = no_grad();
        step.FindsMeans = true;
        for (var i = 0; i < starts.Length && (i == 0 || step.HasMeans); i++)
        {
            run(i, new StepPart(isOfEmbeddings: false)).Dispose();
        }

        step.FindsMeans = false;
        step.ExchangeMeans();
    }

    /// <summary>True if a term has a cap, whose mean has to be known before its gradient.</summary>
    private bool IsCapped()
    {
        var isCapped = loss.Hyperparameters.ToDictionary().Any(number => number.Key.EndsWith(CapKey, StringComparison.Ordinal) && number.Value is not null);
        return isCapped && loss.Student.Adapters.IsRandom
            ? throw new InvalidOperationException("A capped term in micro-batches runs the passes twice, and the adapters' dropout would draw other numbers the second time; leave MicroBatch out, remove MaxLoss, or use adapters without dropout.")
            : isCapped;
    }
}
