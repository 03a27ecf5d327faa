using Jigsaw.Processes;
using Jigsaw.Tensors;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>
/// What a pass makes of the next token, compared with the base model on the clean embeddings over the union of both's k likeliest tokens. Every figure is a mean over the
/// tokens of the loss mask, 0 without tokens; probabilities are renormalized on that support.
/// </summary>
/// <remarks>Source: Stained Glass Engine docs, <c>get_utility_metrics_factory</c> and <c>get_top_k_support_mask</c>; the set of figures is <em>our reading</em>.</remarks>
/// <param name="pass">The pass to compare.</param>
/// <param name="k">Likeliest tokens of each, at least 1.</param>
public sealed class TopKUtilityMetric(Pass pass, int k) : Metric
{
    private double _divergence;
    private double _symmetric;
    private double _overlap;

    /// <summary>KL(teacher clean ‖ pass) on the support, nats per token.</summary>
    public double Divergence => _divergence / Math.Max(1, Tokens);

    /// <summary>The Jensen–Shannon divergence on the support, nats per token, 0 to ln 2.</summary>
    public double JensenShannon => _symmetric / Math.Max(1, Tokens);

    /// <summary>Share of the teacher's k likeliest tokens that are among the pass's k likeliest, 0 to 1.</summary>
    public double Overlap => _overlap / Math.Max(1, Tokens);

    /// <summary>Tokens so far.</summary>
    public long Tokens { get; private set; }

    /// <inheritdoc/>
    public override void Add(PassLogits logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        using var scope = NewDisposeScope();
        var (clean, noisy) = (logits.Logits(Pass.TeacherClean), logits.Logits(pass));
        var top = (int)Math.Min(k, clean.shape[1]);
        var outside = ReconstructionMetrics.TopKSupportMask(clean, noisy, top).logical_not();
        var (p, q) = (LogProbabilities(clean, outside), LogProbabilities(noisy, outside));
        var middle = logaddexp(p, q) - Scalars.Of(Math.Log(2));
        _divergence += Divergences(p, q, outside);
        _symmetric += 0.5 * (Divergences(p, middle, outside) + Divergences(q, middle, outside));
        var theirs = ReconstructionMetrics.TopKSupportMask(clean, clean, top);
        _overlap += theirs.gather(-1, noisy.topk(top, -1).indexes).sum().ReadInt64() / (double)top;
        Tokens += logits.Count;
    }

    /// <inheritdoc/>
    public override void AddUp(IProcessGroup processes)
    {
        ArgumentNullException.ThrowIfNull(processes);
        double[] sums = [_divergence, _symmetric, _overlap, Tokens];
        processes.Sum(sums);
        (_divergence, _symmetric, _overlap, Tokens) = (sums[0], sums[1], sums[2], (long)sums[3]);
    }

    private static Tensor LogProbabilities(Tensor logits, Tensor outside) => logits.to(ScalarType.Float64).masked_fill(outside, Scalars.Of(double.NegativeInfinity)).log_softmax(-1);

    private static double Divergences(Tensor p, Tensor q, Tensor outside) => (p.exp() * (p - q)).masked_fill(outside, Scalars.Of(0)).sum().ReadDouble();
}
