using Jigsaw.Tensors;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>Mean KL(teacher clean ‖ pass) over the next token, nats per token.</summary>
public sealed class DivergenceMetric() : TokenMetric(Pass.StudentNoisy, Pass.TeacherNoisy, Pass.StudentClean)
{
    /// <inheritdoc/>
    protected override double Sum(PassLogits logits, Pass pass)
    {
        ArgumentNullException.ThrowIfNull(logits);
        var target = logits.LogProbabilities(Pass.TeacherClean);
        return (target.exp() * (target - logits.LogProbabilities(pass))).sum().ReadDouble();
    }
}
