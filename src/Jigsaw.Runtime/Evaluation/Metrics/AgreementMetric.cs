using TorchSharp;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>
/// Share of the tokens where a pass has the same most likely next token as the base model on the clean embeddings, 0 to 1. The adapted model should agree on transformed
/// embeddings; the base should not, and neither should the adapted model on clean ones, or the adapters alone would leak.
/// </summary>
public sealed class AgreementMetric() : TokenMetric(Pass.StudentNoisy, Pass.TeacherNoisy, Pass.StudentClean)
{
    /// <inheritdoc/>
    protected override double Sum(PassLogits logits, Pass pass)
    {
        ArgumentNullException.ThrowIfNull(logits);
        return logits.Predictions(pass).eq(logits.Predictions(Pass.TeacherClean)).sum().ToInt64();
    }
}
