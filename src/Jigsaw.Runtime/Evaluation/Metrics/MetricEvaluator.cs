using Jigsaw.Batches;
using Jigsaw.Models;
using Jigsaw.Models.Decoder;
using Jigsaw.Processes;
using Jigsaw.Tensors;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>Runs the passes over batches, once for any number of metrics.</summary>
public static class MetricEvaluator
{
    private const int BlockRows = 256;

    /// <summary>
    /// Runs teacher(clean), student(noisy), teacher(noisy) and student(clean) once per batch, and hands each metric the batch and the logits at the rows of its loss
    /// mask, 256 rows at a time.
    /// </summary>
    /// <param name="metrics">The metrics, which have their figures afterwards.</param>
    /// <param name="model">The base.</param>
    /// <param name="adapters">The student's adapters.</param>
    /// <param name="transform">The transform; one sample is drawn for each batch, with secure noise.</param>
    /// <param name="batches">Batches on the model's device; not disposed.</param>
    /// <param name="processes">Processes that share the batches, all of which are given in each; each runs every so manyth, and has the figures of all afterwards. Null for one process.</param>
    public static void Run(IReadOnlyList<Metric> metrics, ICausalLM model, IAdapters adapters, StainedGlassTransform transform, IEnumerable<TokenBatch> batches, IProcessGroup? processes = null)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(adapters);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(batches);
        using var noGrad = no_grad();
        using var used = transform.WithSecureNoise();
        foreach (var batch in processes.Share(batches))
        {
            using var scope = NewDisposeScope();
            Run(metrics, model, adapters, used.Apply(batch), batch);
        }

        if (processes is not null)
        {
            foreach (var metric in metrics)
            {
                metric.AddUp(processes);
            }
        }
    }

    private static void Run(IReadOnlyList<Metric> metrics, ICausalLM model, IAdapters adapters, TransformedBatch transformed, TokenBatch batch)
    {
        foreach (var metric in metrics)
        {
            metric.Add(transformed);
        }

        var rows = MaskedRows.Of(batch.LossMask);
        Tensor Hidden(Tensor embeddings, IAdapters? adapters) => MaskedRows.Pick(model.Run(embeddings, batch.AttentionMask, adapters).Last!, rows);
        var hidden = new Dictionary<Pass, Tensor>
        {
            [Pass.TeacherClean] = Hidden(transformed.Clean, null),
            [Pass.StudentNoisy] = Hidden(transformed.Noisy, adapters),
            [Pass.TeacherNoisy] = Hidden(transformed.Noisy, null),
            [Pass.StudentClean] = Hidden(transformed.Clean, adapters),
        };

        // The loss mask never counts a sequence's last position, so the next token stands right behind.
        var labels = batch.InputIds.flatten().index_select(0, rows.Plus(Scalars.Of(1)));
        for (long start = 0; start < rows.shape[0]; start += BlockRows)
        {
            using var scope = NewDisposeScope();
            var (from, count) = (start, Math.Min(BlockRows, rows.shape[0] - start));
            var block = new PassLogits(labels.narrow(0, from, count), pass => model.Head.Logits(hidden[pass].narrow(0, from, count)));
            try
            {
                foreach (var metric in metrics)
                {
                    metric.Add(block);
                }
            }
            finally
            {
                block.Free();
            }
        }
    }
}
