namespace Jigsaw.Losses.Pairs;

/// <summary>The numbers of each row of a pair that terms are made of.</summary>
[Flags]
internal enum PairMeasures
{
    None = 0,

    /// <summary>‖first‖.</summary>
    FirstNorm = 1,

    /// <summary>‖second‖.</summary>
    SecondNorm = 2,

    /// <summary>first · second.</summary>
    Product = 4,

    /// <summary>‖first − second‖, of the difference itself: of norms and product it would cancel.</summary>
    Distance = 8,

    /// <summary>‖first + second‖.</summary>
    NormOfSum = 16,
}
