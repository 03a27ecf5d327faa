using Jigsaw.Planning;

namespace Jigsaw.Generators.Rules;

/// <summary>Which terms a recipe has: some, each once, under names of their custom.</summary>
internal static class TermRules
{
    public static IEnumerable<Problem> Check(RecipeModel recipe)
    {
        if (!recipe.Terms.Any(term => term.IsActive))
        {
            yield return Problem.At(ProblemLocation.Recipe, "JIG0003", recipe.Name);
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var keys = new HashSet<string>(ReservedNames.Keys, StringComparer.Ordinal);
        var properties = new HashSet<string>(ReservedNames.OfComponents, StringComparer.Ordinal);
        for (var i = 0; i < recipe.Terms.Count; i++)
        {
            var term = recipe.Terms[i];
            if (!seen.Add(term.Custom is { } custom ? "method " + custom.Method : term.Name))
            {
                if (term.Custom?.Unfit is null)
                {
                    yield return Problem.At(ProblemLocation.Term(i), "JIG0009", term.SpokenName, recipe.Name);
                }
            }
            else if (!keys.Add(term.Key))
            {
                yield return Problem.At(ProblemLocation.Method(i), "JIG0010", term.SpokenName, term.Key);
            }
            else if (!properties.Add(term.Name) && term.Custom?.Unfit is null)
            {
                yield return Problem.At(ProblemLocation.Method(i), "JIG0011", term.SpokenName, term.Name);
            }

            foreach (var part in term.Definition?.Parts ?? default)
            {
                keys.Add(part);
                properties.Add(Planner.PartProperty(part));
            }
        }
    }
}
