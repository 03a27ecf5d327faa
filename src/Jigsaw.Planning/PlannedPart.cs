namespace Jigsaw.Planning;

/// <summary>A component that a term reports beside its own.</summary>
/// <param name="Key">Its component key.</param>
/// <param name="Property">The name of its typed component.</param>
/// <param name="Local">The variable that holds its value.</param>
internal sealed record PlannedPart(string Key, string Property, string Local);
