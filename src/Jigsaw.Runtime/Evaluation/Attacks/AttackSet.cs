namespace Jigsaw.Evaluation.Attacks;

/// <summary>Which attacks a suite runs.</summary>
public enum AttackSet
{
    /// <summary>None: only the figures of utility.</summary>
    None,

    /// <summary>The exact likelihood attack with its bound and decoys, nearest neighbors and the floors: minutes.</summary>
    Default,

    /// <summary>All attacks, each at every number of draws.</summary>
    All,
}
