namespace Jigsaw.Losses;

/// <summary>The numbers that a recipe was built with, and its structure, under the original API's parameter names.</summary>
public abstract record RecipeHyperparameters
{
    /// <summary>Numbers and structure by the original's names; null where the recipe has none.</summary>
    public abstract IReadOnlyDictionary<string, object?> ToDictionary();
}
