using Jigsaw.Batches;
using Jigsaw.Evaluation.Metrics;
using TorchSharp;

namespace Jigsaw.Samples.Tests;

/// <summary>A metric from outside that is not a mean: the largest |x̃ − x| over everything evaluated, and how many batches and logit rows it was shown.</summary>
internal sealed class LargestShiftMetric : Metric
{
    public double Largest { get; private set; }

    public int Batches { get; private set; }

    public long Rows { get; private set; }

    public override void Add(TransformedBatch batch)
    {
        Batches++;
        Largest = Math.Max(Largest, (batch.Noisy - batch.Clean).abs().max().ToDouble());
    }

    public override void Add(PassLogits logits) => Rows += logits.Count;
}
