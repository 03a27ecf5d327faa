namespace Jigsaw.Runtime.Tests.Losses;

/// <summary>Tests that measure the process, and so run while no other does.</summary>
[CollectionDefinition(nameof(RunsAlone), DisableParallelization = true)]
public sealed class RunsAlone;
