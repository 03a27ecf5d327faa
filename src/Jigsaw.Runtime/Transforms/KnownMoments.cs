namespace Jigsaw.Transforms;

/// <summary>What an attacker knows of a transform.</summary>
internal enum KnownMoments
{
    /// <summary>μ and σ.</summary>
    All,

    /// <summary>μ; σ is taken to be one number, the mean over the vocabulary.</summary>
    Codewords,

    /// <summary>σ; μ is taken to be 0.</summary>
    Stds,
}
