namespace Jigsaw.Losses.Pairs;

/// <summary>What the gradient of a row of a pair is a multiple of.</summary>
internal enum PairDirection
{
    /// <summary>The row.</summary>
    Own,

    /// <summary>The other tensor's row.</summary>
    Other,

    /// <summary>The row less the other's: a direction of its own, for the difference of two multiples would cancel.</summary>
    Apart,

    /// <summary>The row and the other's together.</summary>
    Together,
}
