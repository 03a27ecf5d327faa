namespace Jigsaw.CommandLine.Sweeps;

/// <summary>How a sweep chooses its trials.</summary>
internal enum SweepSearch
{
    /// <summary>Every combination of the values.</summary>
    Grid,

    /// <summary>Combinations that are drawn.</summary>
    Random,

    /// <summary>Combinations that are drawn, of which the better ones train for longer.</summary>
    Halving,
}
