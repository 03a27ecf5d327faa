using Jigsaw.Generators.Gathering;
using Jigsaw.Planning;

namespace Jigsaw.Generators;

/// <summary>A recipe as gathered.</summary>
/// <param name="Declaration">What it says.</param>
/// <param name="Errors">What is wrong with it, where it is written; none of a recipe that is right.</param>
/// <param name="Classes">The metadata names of the program's classes whose terms it shares.</param>
/// <param name="CanBeWritten">True if a part can be written into its type, be it one with bodies that throw.</param>
internal sealed record GatheredRecipe(RecipeDeclaration Declaration, EquatableArray<ReportedProblem> Errors, EquatableArray<string> Classes, bool CanBeWritten);
