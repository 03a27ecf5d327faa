namespace Jigsaw.Planning;

/// <summary>One parameter of a custom term.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The name of the activation's type; what was written where it is none.</param>
/// <param name="IsActivation">True if the type names an activation.</param>
/// <param name="Modifier"><c>ref</c>, <c>params</c>, <c>optional</c> and so on; null where there is none.</param>
internal sealed record CustomParameterModel(string Name, string Type, bool IsActivation, string? Modifier);
