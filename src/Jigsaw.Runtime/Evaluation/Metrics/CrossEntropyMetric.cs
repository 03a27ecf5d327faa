using Jigsaw.Tensors;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>Mean cross-entropy −log p(next token) of the data's own tokens, nats per token; its exponential is the perplexity.</summary>
public sealed class CrossEntropyMetric() : TokenMetric(Pass.TeacherClean, Pass.StudentNoisy, Pass.TeacherNoisy, Pass.StudentClean)
{
    /// <inheritdoc/>
    protected override double Sum(PassLogits logits, Pass pass)
    {
        ArgumentNullException.ThrowIfNull(logits);
        return -logits.LogProbabilities(pass).gather(1, logits.Labels.unsqueeze(-1)).sum().ReadDouble();
    }
}
