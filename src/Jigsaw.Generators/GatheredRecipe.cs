using Jigsaw.Generators.Gathering;

namespace Jigsaw.Generators;

/// <summary>A recipe as gathered, and what is wrong with its shape.</summary>
internal sealed record GatheredRecipe(RecipeModel Model, EquatableArray<ReportedProblem> Problems);
