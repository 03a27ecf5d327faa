using Jigsaw.Evaluation;

namespace Quickstart;

/// <summary>What one evaluation measured.</summary>
internal sealed record TrialResult(AgreementReport Agreement, IReadOnlyList<ReaderReport> Readers);
