namespace Jigsaw.Planning;

/// <summary>A part of the recipe's structure, reported with the hyperparameters.</summary>
/// <param name="OriginalName">Its name in the original API.</param>
/// <param name="Literal">Its value as C#.</param>
internal sealed record PlannedStructure(string OriginalName, string Literal);
