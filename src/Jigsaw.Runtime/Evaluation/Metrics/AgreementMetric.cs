using Jigsaw.Processes;
using Jigsaw.Tensors;
using TorchSharp;

namespace Jigsaw.Evaluation.Metrics;

/// <summary>
/// Share of the tokens where a pass has the same most likely next token as the base model on the clean embeddings, 0 to 1. The adapted model should agree on transformed
/// embeddings; the base should not, and neither should the adapted model on clean ones, or the adapters alone would leak.
/// </summary>
public sealed class AgreementMetric() : TokenMetric(_passes)
{
    /// <summary>Below this probability of its most likely token the teacher itself is not sure.</summary>
    public const double Sure = 0.6;

    private static readonly Pass[] _passes = [Pass.StudentNoisy, Pass.TeacherNoisy, Pass.StudentClean];

    private readonly Dictionary<Pass, (long Differing, long Unsure)> _differences = [];

    /// <summary>Share of the tokens where the pass differs at which the teacher gives its own token less than <see cref="Sure"/>; 0 if it never differs.</summary>
    /// <param name="pass">The pass.</param>
    public double UnsureShare(Pass pass) => _differences.TryGetValue(pass, out var counts) && counts.Differing > 0 ? counts.Unsure / (double)counts.Differing : 0;

    /// <inheritdoc/>
    public override void AddUp(IProcessGroup processes)
    {
        base.AddUp(processes);
        double[] counts = [.. _passes.Select(pass => (double)_differences.GetValueOrDefault(pass).Differing), .. _passes.Select(pass => (double)_differences.GetValueOrDefault(pass).Unsure)];
        processes.Sum(counts);
        for (var i = 0; i < _passes.Length; i++)
        {
            _differences[_passes[i]] = ((long)counts[i], (long)counts[_passes.Length + i]);
        }
    }

    /// <inheritdoc/>
    protected override double Sum(PassLogits logits, Pass pass)
    {
        ArgumentNullException.ThrowIfNull(logits);
        using var scope = torch.NewDisposeScope();
        var differs = logits.Predictions(pass).ne(logits.Predictions(Pass.TeacherClean));
        var unsure = logits.LogProbabilities(Pass.TeacherClean).amax([-1]).lt(Scalars.Of(Math.Log(Sure)));
        var (differing, both) = (differs.sum().ReadInt64(), differs.logical_and(unsure).sum().ReadInt64());
        var before = _differences.GetValueOrDefault(pass);
        _differences[pass] = (before.Differing + differing, before.Unsure + both);
        return logits.Count - differing;
    }
}
