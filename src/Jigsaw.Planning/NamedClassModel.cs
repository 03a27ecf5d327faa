namespace Jigsaw.Planning;

/// <summary>What a recipe names as a class of shared terms, or a base class that has some.</summary>
/// <param name="Name">Its name, as messages give it.</param>
/// <param name="Unfit">What keeps it from sharing terms, as the end of a sentence; null where nothing does.</param>
/// <param name="IsRepeated">True if the recipe has named it before.</param>
/// <param name="IsKnown">False where C# itself reports what is named.</param>
internal sealed record NamedClassModel(string Name, string? Unfit, bool IsRepeated, bool IsKnown);
