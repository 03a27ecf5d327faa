namespace Jigsaw.Planning;

/// <summary>What a recipe says, by value: no symbol, syntax or location is reachable from here.</summary>
/// <param name="Name">The recipe's name, for messages.</param>
/// <param name="Arguments">The arguments of <c>[LossRecipe]</c>.</param>
/// <param name="Terms">The terms in order of declaration: built-in ones, then custom ones of its own, those of the classes that it names, those of its base classes.</param>
internal sealed record RecipeModel(string Name, EquatableArray<ArgumentModel> Arguments, EquatableArray<TermModel> Terms)
{
    /// <summary>The classes of shared terms that it names.</summary>
    public EquatableArray<NamedClassModel> Classes { get; init; }

    public int? DistillationLayer => (int?)Argument("DistillationLayer").Value;

    public double? Alpha => Argument("Alpha").Value;

    public bool HasGradientFilter => Argument("GradientFilter").IsWritten;

    public CeTarget CeTarget => (CeTarget)(int)(Argument("CeTarget").Value ?? 0);

    public bool Truncate => Argument("Truncate").Value is 1;

    public ArgumentModel Argument(string name) => Arguments.First(argument => argument.Name == name);
}
