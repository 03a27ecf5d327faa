using Jigsaw.Batches;
using Jigsaw.Processes;
using Jigsaw.Tensors;
using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>How much a transform moves the tokens that it changes. Every figure is a mean over tokens, 0 without tokens.</summary>
/// <remarks>Source: Stained Glass Engine docs, <c>get_noise_metrics_factory</c>; n stands for x̃ − x, so σ·ε = n − μ.</remarks>
/// <param name="transform">The transform; its scale is the unit of σ.</param>
public sealed class NoiseMetric(StainedGlassTransform transform) : Metric
{
    private readonly double _scale = (transform ?? throw new ArgumentNullException(nameof(transform))).Scale;
    private readonly double[] _sums = new double[8];

    private enum Figure
    {
        Std, Shift, MeanDomination, MeanRatio, MeanCosine, NoiseDomination, NoiseRatio, NoiseCosine,
    }

    /// <summary>Mean σ, in multiples of the transform's scale.</summary>
    public double MeanStd => Mean(Figure.Std) / _scale;

    /// <summary>Mean ‖μ‖ / ‖x‖.</summary>
    public double MeanShift => Mean(Figure.Shift);

    /// <summary>‖μ‖ / (‖μ‖ + ‖σ·ε‖), 0 to 1.</summary>
    public double MeanDominationPercent => Mean(Figure.MeanDomination);

    /// <summary>‖μ‖ / ‖σ·ε‖.</summary>
    public double MeanDominationRatio => Mean(Figure.MeanRatio);

    /// <summary>cos(x, μ); 0 where μ is 0.</summary>
    public double MeanCosineSimilarity => Mean(Figure.MeanCosine);

    /// <summary>‖n‖ / (‖x‖ + ‖n‖), 0 to 1.</summary>
    public double NoiseDominationPercent => Mean(Figure.NoiseDomination);

    /// <summary>‖n‖ / ‖x‖.</summary>
    public double NoiseDominationRatio => Mean(Figure.NoiseRatio);

    /// <summary>cos(x, n).</summary>
    public double NoiseCosineSimilarity => Mean(Figure.NoiseCosine);

    /// <summary>Transformed tokens so far.</summary>
    public long Tokens { get; private set; }

    /// <inheritdoc/>
    public override void Add(TransformedBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var scope = NewDisposeScope();
        var rows = MaskedRows.Of(batch.NoiseMask);
        var (clean, means) = (MaskedRows.Pick(batch.Clean, rows), MaskedRows.Pick(batch.Means, rows));
        var noise = MaskedRows.Pick(batch.Noisy, rows) - clean;
        var (ofClean, ofMeans, ofNoise, ofDraw) = (clean.norm(1), means.norm(1), noise.norm(1), (noise - means).norm(1));
        Tokens += rows.shape[0];
        Sum(Figure.Std, MaskedRows.Pick(batch.Stds, rows).mean([1]));
        Sum(Figure.Shift, ofMeans / ofClean);
        Sum(Figure.MeanDomination, Ratio(ofMeans, ofMeans.Plus(ofDraw)));
        Sum(Figure.MeanRatio, Ratio(ofMeans, ofDraw));
        Sum(Figure.MeanCosine, Ratio((clean * means).sum(1), ofClean * ofMeans));
        Sum(Figure.NoiseDomination, Ratio(ofNoise, ofClean.Plus(ofNoise)));
        Sum(Figure.NoiseRatio, Ratio(ofNoise, ofClean));
        Sum(Figure.NoiseCosine, Ratio((clean * noise).sum(1), ofClean * ofNoise));
    }

    /// <inheritdoc/>
    public override void AddUp(IProcessGroup processes)
    {
        ArgumentNullException.ThrowIfNull(processes);
        double[] sums = [.. _sums, Tokens];
        processes.Sum(sums);
        sums.AsSpan(0, _sums.Length).CopyTo(_sums);
        Tokens = (long)sums[^1];
    }

    private static Tensor Ratio(Tensor upper, Tensor lower) => upper / lower.clamp(min: Scalars.Of(1e-30f));

    private void Sum(Figure figure, Tensor values) => _sums[(int)figure] += values.sum(type: ScalarType.Float64).ReadDouble();

    private double Mean(Figure figure) => _sums[(int)figure] / Math.Max(1, Tokens);
}
