namespace Jigsaw.Generators.Tests.Incrementality;

/// <summary>Tests that measure the process, and so run with no other at the same time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class MeasuredAlone
{
    public const string Name = "Measured";
}
