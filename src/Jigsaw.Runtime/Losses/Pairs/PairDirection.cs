namespace Jigsaw.Losses.Pairs;

/// <summary>What the gradient of a row of a pair is a multiple of.</summary>
internal enum PairDirection
{
    /// <summary>The row.</summary>
    Own,

    /// <summary>The other tensor's row.</summary>
    Other,

    /// <summary>The row minus the other one: a separate direction, since the difference of two multiples would cancel.</summary>
    Apart,

    /// <summary>The sum of the row and the other one.</summary>
    Together,
}
