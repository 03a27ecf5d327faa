using Jigsaw.Planning;

namespace Jigsaw.Generators.Rules;

/// <summary>All rules about numbers, meaning and custom terms: reported by the analyzer, and what makes the generator write bodies that throw.</summary>
internal static class RecipeRules
{
    public static IEnumerable<Problem> Check(RecipeModel recipe) =>
        TermRules.Check(recipe).Concat(NumberRules.Check(recipe)).Concat(CustomTermRules.Check(recipe)).Concat(MeaningRules.Check(recipe));

    /// <summary>The ids of the errors, each once; empty where the recipe can run.</summary>
    public static EquatableArray<string> Errors(RecipeModel recipe)
    {
        var ids = new SortedSet<string>(Check(recipe).Select(problem => problem.Id).Where(Descriptors.IsError), StringComparer.Ordinal);
        var hasUnknown = recipe.Terms.Any(term => term.Weight.Value is null)
            || recipe.Terms.SelectMany(term => term.Arguments).Concat(recipe.Arguments).Any(argument => argument is { IsWritten: true, Value: null });
        if (hasUnknown)
        {
            // The compiler itself reports an argument that it can't evaluate.
            ids.Add("an argument without a value");
        }

        return ids.ToEquatableArray();
    }
}
