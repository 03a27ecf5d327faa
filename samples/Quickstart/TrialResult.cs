using Jigsaw.Evaluation.Attacks;
using Jigsaw.Evaluation.Metrics;

namespace Quickstart;

/// <summary>What one evaluation measured.</summary>
internal sealed record TrialResult(AgreementReport Agreement, IReadOnlyList<InversionAttackReport> Readers);
