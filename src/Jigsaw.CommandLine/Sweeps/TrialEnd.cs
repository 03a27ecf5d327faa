namespace Jigsaw.CommandLine.Sweeps;

/// <summary>How a start of a trial ended.</summary>
/// <param name="Kind">Which way.</param>
/// <param name="Message">Why it failed; empty otherwise.</param>
internal sealed record TrialEnd(TrialEnd.Way Kind, string Message = "")
{
    /// <summary>Ways in which a start ends.</summary>
    internal enum Way
    {
        /// <summary>All was measured.</summary>
        Done,

        /// <summary>An error, which would come again.</summary>
        Failed,

        /// <summary>A signal, after which it goes on from its checkpoint.</summary>
        Killed,

        /// <summary>Another process, left over from a sweep that was killed, still runs it.</summary>
        Busy,
    }
}
