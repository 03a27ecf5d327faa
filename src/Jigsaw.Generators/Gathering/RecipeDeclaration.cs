using Jigsaw.Planning;

namespace Jigsaw.Generators.Gathering;

/// <summary>A recipe and the type that it is declared by, by value: no symbol, syntax or location is reachable from here.</summary>
/// <param name="Recipe">What the recipe says.</param>
/// <param name="Namespace">The namespace, its names unescaped; empty for the global one.</param>
/// <param name="Types">The recipe's type and those around it, outermost first.</param>
/// <param name="MetadataName">The recipe's full metadata name.</param>
/// <param name="Members">Members, of the recipe or of a base class, that generated ones would collide with.</param>
/// <param name="IsNamed">False of half-typed code in which a name is missing: C# reports it, and nothing can be written into the type.</param>
/// <param name="BaseRecipe">The base class that is a recipe itself, if any.</param>
/// <param name="HasRuntime">True if the runtime is referenced.</param>
/// <param name="HidingType">A type of the program that hides what generated code names, if any.</param>
/// <param name="HasTypeVar">True if the program declares a type of the name <c>var</c>.</param>
/// <param name="IsTypeArgument">True if the recipe's type can be a type argument and nobody else implements the interface for it.</param>
/// <param name="LanguageVersion">The C# version as a number, 900 for 9.0.</param>
internal sealed record RecipeDeclaration(
    RecipeModel Recipe,
    EquatableArray<string> Namespace,
    EquatableArray<ContainerModel> Types,
    string MetadataName,
    EquatableArray<CollidingMember> Members,
    bool IsNamed,
    string? BaseRecipe,
    bool HasRuntime,
    string? HidingType,
    bool HasTypeVar,
    bool IsTypeArgument,
    int LanguageVersion)
{
    public ContainerModel Type => Types[Types.Count - 1];
}
