namespace Jigsaw.CommandLine.Sweeps;

/// <summary>What became of a trial.</summary>
internal enum TrialState
{
    /// <summary>It has not been run, or not to its end.</summary>
    Waiting,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It was trained and measured.</summary>
    Done,

    /// <summary>It ended with an error, which its message tells.</summary>
    Failed,
}
