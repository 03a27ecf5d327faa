namespace Jigsaw.Generators.Planning;

/// <summary>A part of the recipe's structure, reported with the hyperparameters.</summary>
/// <param name="Literal">Its value as C#.</param>
internal sealed record PlannedStructure(string OriginalName, string Literal);
