namespace Jigsaw.Generators.Gathering;

/// <summary>A member whose name a generated one would have.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Base">The base class that declares it; null for the recipe itself.</param>
internal sealed record CollidingMember(string Name, string? Base);
