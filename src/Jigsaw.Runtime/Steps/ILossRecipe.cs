namespace Jigsaw.Steps;

/// <summary>
/// A recipe as a type argument. The generator implements it in each recipe that is a class, a struct or a record, from C# 11 on;
/// a static class implements no interface, so its members are passed one by one.
/// </summary>
public interface ILossRecipe
{
    /// <summary>What the generator has written into the recipe.</summary>
    static abstract RecipeMembers Members { get; }
}
