using Jigsaw.Batches;
using Jigsaw.Processes;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>
/// A figure over evaluated batches. <see cref="MetricEvaluator"/> runs the passes once for all metrics and calls each: once per batch, then once per block of that
/// batch's rows. A metric keeps its sums and gives its figures as properties; more batches are added to the ones before, so a new evaluation takes a new metric.
/// A mean over tokens derives from <see cref="TokenMetric"/> instead.
/// </summary>
public abstract class Metric
{
    /// <summary>Adds a batch, before its logits.</summary>
    /// <param name="batch">x, μ, σ and x̃; valid during the call.</param>
    public virtual void Add(TransformedBatch batch)
    {
    }

    /// <summary>Adds a block of rows that the loss mask counts.</summary>
    /// <param name="logits">The logits of all passes at these rows; valid during the call.</param>
    public virtual void Add(PassLogits logits)
    {
    }

    /// <summary>Adds up what the processes of a group have measured, each on batches of its own: then all have the figures of all batches.</summary>
    /// <param name="processes">The group, all of which call this.</param>
    /// <exception cref="NotSupportedException">The metric doesn't say which of its sums are added up.</exception>
    public virtual void AddUp(IProcessGroup processes) =>
        throw new NotSupportedException($"{GetType().Name} measures in one process; override {nameof(AddUp)}, or evaluate without a group of processes.");
}
