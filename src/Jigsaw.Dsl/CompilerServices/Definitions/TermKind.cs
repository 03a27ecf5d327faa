namespace Jigsaw.CompilerServices;

/// <summary>Which of the two sums under an alpha a term belongs to.</summary>
public enum TermKind
{
    /// <summary>Weighted by 1 − α.</summary>
    Similarity,

    /// <summary>Weighted by α.</summary>
    Strength,
}
