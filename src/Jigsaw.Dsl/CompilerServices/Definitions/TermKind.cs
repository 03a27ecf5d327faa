using System.ComponentModel;

namespace Jigsaw.CompilerServices;

/// <summary>Which of the two sums under an alpha a term belongs to.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum TermKind
{
    /// <summary>Weighted by 1 − α.</summary>
    Similarity,

    /// <summary>Weighted by α.</summary>
    Strength,
}
