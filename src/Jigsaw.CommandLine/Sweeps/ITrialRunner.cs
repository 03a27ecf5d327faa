namespace Jigsaw.CommandLine.Sweeps;

/// <summary>Runs trials.</summary>
internal interface ITrialRunner
{
    /// <summary>Runs a trial, or goes on with it, to its end.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="threads">The threads that it may use.</param>
    /// <param name="cancellation">Asks it to stop with a checkpoint.</param>
    Task<TrialEnd> RunAsync(Trial trial, int threads, CancellationToken cancellation);
}
