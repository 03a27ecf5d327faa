using Jigsaw.Generators.Gathering;
using Jigsaw.Generators.Planning;

namespace Jigsaw.Generators.Rules;

/// <summary>Which terms a recipe has: some, each once, under names of their own.</summary>
internal static class TermRules
{
    public static IEnumerable<Problem> Check(RecipeModel recipe)
    {
        if (!recipe.Terms.Any(term => term.IsActive))
        {
            yield return Problem.At(Place.Recipe, "JIG0003", recipe.Type.Name);
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var keys = new HashSet<string>(ReservedNames.Keys, StringComparer.Ordinal);
        var properties = new HashSet<string>(ReservedNames.OfComponents, StringComparer.Ordinal);
        for (var i = 0; i < recipe.Terms.Count; i++)
        {
            var term = recipe.Terms[i];
            if (!seen.Add(term.Own is { } own ? "method " + own.Method : term.Name))
            {
                if (term.Own?.Unfit is null)
                {
                    yield return Problem.At(Place.Term(i), "JIG0009", term.Own?.Method ?? term.Name, recipe.Type.Name);
                }
            }
            else if (!keys.Add(term.Key))
            {
                yield return Problem.At(Place.Method(i), "JIG0010", term.Own?.Method ?? term.Name, term.Key);
            }
            else if (!properties.Add(term.Name) && term.Own?.Unfit is null)
            {
                yield return Problem.At(Place.Method(i), "JIG0011", term.Own?.Method ?? term.Name, term.Name);
            }

            foreach (var part in term.Definition?.Parts ?? default)
            {
                keys.Add(part);
                properties.Add(Planner.PartProperty(part));
            }
        }
    }
}
