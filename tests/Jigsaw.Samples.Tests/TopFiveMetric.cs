using Jigsaw.Evaluation.Metrics;
using TorchSharp;

namespace Jigsaw.Samples.Tests;

/// <summary>A metric from outside: share of the tokens whose prediction by the teacher on clean embeddings is among a pass's five most likely ones.</summary>
internal sealed class TopFiveMetric() : TokenMetric(Pass.StudentNoisy, Pass.TeacherNoisy)
{
    protected override double Sum(PassLogits logits, Pass pass)
    {
        using var scope = torch.NewDisposeScope();
        return logits.Logits(pass).topk(5, -1).indexes.eq(logits.Predictions(Pass.TeacherClean).unsqueeze(-1)).sum().ToInt64();
    }
}
