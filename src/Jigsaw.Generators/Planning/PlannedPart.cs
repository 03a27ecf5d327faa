namespace Jigsaw.Generators.Planning;

/// <summary>A component that a term reports beside its own.</summary>
internal sealed record PlannedPart(string Key, string Property, string Local);
