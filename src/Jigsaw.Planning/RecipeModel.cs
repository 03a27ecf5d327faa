namespace Jigsaw.Planning;

/// <summary>What a recipe says, by value: no symbol, syntax or location is reachable from here.</summary>
/// <param name="Name">The recipe's name, for messages.</param>
/// <param name="Arguments">The arguments of <c>[LossRecipe]</c>.</param>
/// <param name="Terms">The terms in order of declaration: built-in ones, then custom ones of its own, those of the classes that it names, those of its base classes.</param>
internal sealed record RecipeModel(string Name, EquatableArray<ArgumentModel> Arguments, EquatableArray<TermModel> Terms)
{
    /// <summary>What it names as classes of shared terms, and the base classes that have some.</summary>
    public EquatableArray<NamedClassModel> Classes { get; init; }

    /// <summary>True if all of its terms are known: of a class that can't be named, they may not be.</summary>
    public bool IsWhole => Classes.All(named => named is { IsKnown: true, Unfit: null });

    public int? DistillationLayer => (int?)Argument("DistillationLayer").Value;

    public double? Alpha => Argument("Alpha").Value;

    public bool HasGradientFilter => Argument("GradientFilter").IsWritten;

    public CeTarget CeTarget => (CeTarget)(int)(Argument("CeTarget").Value ?? 0);

    public bool Truncate => Argument("Truncate").Value is 1;

    public ArgumentModel Argument(string name) => Arguments.First(argument => argument.Name == name);
}
