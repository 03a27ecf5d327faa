namespace Jigsaw.CommandLine.Reporting;

/// <summary>A step of a training, as its file tells.</summary>
/// <param name="Step">The step, counted from 1.</param>
/// <param name="Values">The components that the step evaluated, and what else was measured of it; those that were not finite are missing.</param>
internal sealed record StepRecord(int Step, IReadOnlyDictionary<string, double> Values);
