using Jigsaw.Evaluation.Attacks;
using Jigsaw.Evaluation.Metrics;

namespace Jigsaw.CommandLine.Measuring;

/// <summary>What one evaluation measured.</summary>
internal sealed record TrialResult
{
    public required AgreementMetric Agreement { get; init; }

    public required DivergenceMetric Divergence { get; init; }

    public required NoiseMetric Noise { get; init; }

    public required IReadOnlyList<InversionAttackReport> Attacks { get; init; }
}
