namespace Jigsaw.CommandLine;

/// <summary>What a program of recipes ends with.</summary>
public static class JigsawExitCode
{
    /// <summary>All was done.</summary>
    public const int Success = 0;

    /// <summary>A file, a model, data or a number can't be used: a sentence on standard error says which and what to do.</summary>
    public const int Error = 1;

    /// <summary>The command line or the configuration file has a name that nobody knows, or a value that is none.</summary>
    public const int Usage = 2;

    /// <summary>Another process runs the same trial of a sweep; the sweep waits for it.</summary>
    public const int Busy = 75;

    /// <summary>Stopped by Ctrl-C or SIGTERM; a training has written a checkpoint.</summary>
    public const int Stopped = 130;
}
