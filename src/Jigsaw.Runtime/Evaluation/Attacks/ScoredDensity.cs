using Jigsaw.Transforms;
using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>A trained reader's opinion of one row in place of a density: ln r(v | x̃) − ln r(v), the second its mean opinion, which a language model's prior replaces.</summary>
/// <param name="scores">ln r(v | x̃), shape (tokens, vocabulary).</param>
/// <param name="frequencies">ln r(v), shape (vocabulary).</param>
internal sealed class ScoredDensity(Tensor scores, Tensor frequencies) : ITokenDensity
{
    public long Vocabulary => scores.shape[1];

    /// <remarks>The reader has seen the whole row, so the place alone matters.</remarks>
    public Tensor LogDensities(ReadOnlySpan<long> prefix, Tensor? candidates, Tensor observed, int draws)
    {
        using var scope = NewDisposeScope();
        var all = (scores[prefix.Length] - frequencies).to(ScalarType.Float64);
        return (candidates is null ? all : all.index_select(0, candidates)).MoveToOuterDisposeScope();
    }

    public Tensor LogDensities(Tensor observed, int draws) => zeros(Vocabulary, dtype: ScalarType.Float64, device: scores.device);
}
