namespace Jigsaw.Planning;

/// <summary>One argument of a term's kernel.</summary>
/// <param name="Kind">Where it comes from.</param>
/// <param name="Name">The name of the member, or of the attribute's argument.</param>
internal sealed record PlannedInput(InputKind Kind, string Name);
