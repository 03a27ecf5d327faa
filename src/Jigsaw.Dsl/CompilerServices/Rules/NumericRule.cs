using System.ComponentModel;

namespace Jigsaw.CompilerServices;

/// <summary>What a number of a recipe must be.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum NumericRule
{
    /// <summary>Not a number, or anything goes.</summary>
    None,

    /// <summary>Finite and at least 0.</summary>
    Weight,

    /// <summary>Finite and greater than 0.</summary>
    Positive,

    /// <summary>From 0 to 1.</summary>
    Fraction,

    /// <summary>A whole number that is at least 0.</summary>
    Index,

    /// <summary>A whole number that is at least 1.</summary>
    Count,
}
