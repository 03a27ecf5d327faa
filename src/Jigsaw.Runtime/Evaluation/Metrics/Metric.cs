using Jigsaw.Batches;

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
}
