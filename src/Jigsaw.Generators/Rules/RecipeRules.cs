using System.Globalization;
using Jigsaw.Planning;

namespace Jigsaw.Generators.Rules;

/// <summary>All rules about numbers, meaning and custom terms: reported by the analyzer, and what makes the generator write bodies that throw.</summary>
internal static class RecipeRules
{
    public static IEnumerable<Problem> Check(RecipeModel recipe) =>
        TermRules.Check(recipe).Concat(SharedTermRules.Check(recipe)).Concat(Each(recipe)).Concat(MeaningRules.Check(recipe));

    /// <summary>What is wrong with the terms of a class that recipes share, whichever recipe it is.</summary>
    public static IEnumerable<Problem> CheckClass(RecipeModel terms) => TermRules.CheckNames(terms).Concat(Each(terms));

    private static IEnumerable<Problem> Each(RecipeModel recipe) => NumberRules.Check(recipe).Concat(CustomTermRules.Check(recipe)).Concat(MeaningRules.CheckTerms(recipe));

    /// <summary>The errors, each once, as id and sentence; empty where the recipe can run.</summary>
    public static EquatableArray<string> Errors(RecipeModel recipe)
    {
        var errors = new SortedSet<string>(Check(recipe).Where(problem => Descriptors.IsError(problem.Id)).Select(problem => $"{problem.Id}: {Sentence(problem)}"), StringComparer.Ordinal);
        var hasUnknown = recipe.Terms.Any(term => term.Weight.Value is null)
            || recipe.Classes.Any(named => !named.IsKnown)
            || recipe.Terms.SelectMany(term => term.Arguments).Concat(recipe.Arguments).Any(argument => argument is { IsWritten: true, Value: null });
        if (hasUnknown)
        {
            // The compiler itself reports an argument that it can't evaluate.
            errors.Add("an argument has no value that the compiler knows");
        }

        return errors.ToEquatableArray();
    }

    private static string Sentence(Problem problem) =>
        string.Format(CultureInfo.InvariantCulture, Descriptors.ById[problem.Id].MessageFormat.ToString(CultureInfo.InvariantCulture), [.. problem.Arguments]);
}
