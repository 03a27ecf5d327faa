namespace Jigsaw.Generators.Gathering;

/// <summary>What a recipe says, by value: no symbol, syntax or location is reachable from here.</summary>
/// <param name="Namespace">The namespace, its names unescaped; empty for the global one.</param>
/// <param name="Types">The recipe's type and those around it, outermost first.</param>
/// <param name="MetadataName">The recipe's full metadata name.</param>
/// <param name="Arguments">The arguments of <c>[LossRecipe]</c>.</param>
/// <param name="Terms">The terms in order of declaration: built-in ones, then one's own.</param>
/// <param name="Members">Names of members, of the recipe or of a base class, that generated ones would collide with.</param>
/// <param name="BaseRecipe">The base class that is a recipe itself, if any.</param>
/// <param name="HasTypeVar">Whether the program declares a type of the name <c>var</c>.</param>
/// <param name="LanguageVersion">The C# version as a number, 900 for 9.0.</param>
internal sealed record RecipeModel(
    EquatableArray<string> Namespace,
    EquatableArray<ContainerModel> Types,
    string MetadataName,
    EquatableArray<ArgumentModel> Arguments,
    EquatableArray<TermModel> Terms,
    EquatableArray<string> Members,
    string? BaseRecipe,
    bool HasRuntime,
    bool HasTypeVar,
    int LanguageVersion)
{
    public ContainerModel Type => Types[Types.Count - 1];

    public int? DistillationLayer => (int?)Argument("DistillationLayer").Value;

    public double? Alpha => Argument("Alpha").Value;

    public bool HasGradientFilter => Argument("GradientFilter").IsWritten;

    public CeTarget CeTarget => (CeTarget)(int)(Argument("CeTarget").Value ?? 0);

    public bool Truncate => Argument("Truncate").Value is 1;

    public ArgumentModel Argument(string name) => Arguments.First(argument => argument.Name == name);
}
