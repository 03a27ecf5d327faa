using static TorchSharp.torch;

namespace Jigsaw.Transforms;

/// <summary>What an attacker believes of x̃: how likely it is for each token in its context. Natural logarithms in float64.</summary>
internal interface ITokenDensity
{
    /// <summary>Tokens of the vocabulary.</summary>
    long Vocabulary { get; }

    /// <summary>ln of the density of x̃ for each candidate behind a prefix.</summary>
    /// <param name="prefix">The tokens before it; may be empty.</param>
    /// <param name="candidates">Token ids, shape (candidates), int64; null takes the whole vocabulary.</param>
    /// <param name="observed">x̃ at its place, or the mean of n draws, shape (features).</param>
    /// <param name="draws">n.</param>
    /// <returns>Shape (candidates), in the caller's dispose scope.</returns>
    Tensor LogDensities(ReadOnlySpan<long> prefix, Tensor? candidates, Tensor observed, int draws);

    /// <summary>The same for the whole vocabulary without a context: to choose candidates by.</summary>
    /// <param name="observed">x̃ at its place, or the mean of n draws, shape (features).</param>
    /// <param name="draws">n.</param>
    /// <returns>Shape (vocabulary), in the caller's dispose scope.</returns>
    Tensor LogDensities(Tensor observed, int draws);
}
