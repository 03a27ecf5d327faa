using Jigsaw.Batches;
using Jigsaw.Transforms;
using TorchSharp;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>How much a transform moves the tokens that it changes.</summary>
/// <param name="transform">The transform; its scale is the unit of σ.</param>
public sealed class NoiseMetric(StainedGlassTransform transform) : Metric
{
    private readonly double _scale = (transform ?? throw new ArgumentNullException(nameof(transform))).Scale;
    private double _std;
    private double _shift;

    /// <summary>Mean σ, in multiples of the transform's scale; 0 without tokens.</summary>
    public double MeanStd => _std / Math.Max(1, Tokens) / _scale;

    /// <summary>Mean ‖μ‖ / ‖x‖; 0 without tokens.</summary>
    public double MeanShift => _shift / Math.Max(1, Tokens);

    /// <summary>Transformed tokens so far.</summary>
    public long Tokens { get; private set; }

    /// <inheritdoc/>
    public override void Add(TransformedBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var rows = MaskedRows.Of(batch.NoiseMask);
        Tokens += rows.shape[0];
        _std += MaskedRows.Pick(batch.Stds, rows).mean([1]).sum().ToDouble();
        _shift += (MaskedRows.Pick(batch.Means, rows).norm(1) / MaskedRows.Pick(batch.Clean, rows).norm(1)).sum().ToDouble();
    }
}
