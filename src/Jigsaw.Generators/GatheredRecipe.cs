using Jigsaw.Generators.Gathering;
using Jigsaw.Planning;

namespace Jigsaw.Generators;

/// <summary>A recipe as gathered, and what is wrong with its shape.</summary>
internal sealed record GatheredRecipe(RecipeDeclaration Declaration, EquatableArray<ReportedProblem> Problems);
