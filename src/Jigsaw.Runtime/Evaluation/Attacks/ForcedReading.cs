using static TorchSharp.torch;

namespace Jigsaw.Evaluation.Attacks;

/// <summary>What x̃ tells of each transformed token to an attacker who already knows everything before it. Lists are by token, natural logarithms.</summary>
internal sealed class ForcedReading
{
    /// <summary>Where the transformed tokens stand in the row.</summary>
    public required IReadOnlyList<int> Places { get; init; }

    /// <summary>ln p of the true token by the language model alone.</summary>
    public required IReadOnlyList<double> LogPriors { get; init; }

    /// <summary>ln N(x̃) at the true token.</summary>
    public required IReadOnlyList<double> LogDensities { get; init; }

    /// <summary>ln p of the true token after x̃ was seen.</summary>
    public required IReadOnlyList<double> LogPosteriors { get; init; }

    /// <summary>The token that the posterior takes.</summary>
    public required IReadOnlyList<long> Best { get; init; }

    /// <summary>The token that the prior takes.</summary>
    public required IReadOnlyList<long> BestPrior { get; init; }

    /// <summary>Candidates with a larger posterior than the true token.</summary>
    public required IReadOnlyList<long> Ranks { get; init; }

    /// <summary>The tokens of largest posterior, shape (tokens, candidates), int64 on the host; null if they were not asked for.</summary>
    public Tensor? Top { get; init; }

    /// <summary>log₂ posterior − log₂ prior of the true token.</summary>
    public double Bits(int token) => (LogPosteriors[token] - LogPriors[token]) / Math.Log(2);
}
