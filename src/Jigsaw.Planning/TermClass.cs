namespace Jigsaw.Planning;

/// <summary>The class of a custom term that a recipe shares with others.</summary>
/// <param name="Name">Its name, as messages give it.</param>
/// <param name="Expression">Its name as generated code writes it, from the global namespace on.</param>
internal sealed record TermClass(string Name, string Expression);
