using Jigsaw.CompilerServices;
using Jigsaw.Planning;

namespace Jigsaw.Generators.Rules;

/// <summary>What a recipe must mean.</summary>
internal static class MeaningRules
{
    public static IEnumerable<Problem> Check(RecipeModel recipe) =>
        Layers(recipe).Concat(Truncation(recipe)).Concat(Alpha(recipe)).Concat(GradientFilter(recipe)).Concat(Purposes(recipe)).Concat(Steps(recipe));

    /// <summary>What each term must mean by itself.</summary>
    public static IEnumerable<Problem> CheckTerms(RecipeModel recipe) => Arguments(recipe).Concat(Ramps(recipe));

    private static IEnumerable<Problem> Layers(RecipeModel recipe)
    {
        var layer = recipe.Argument("DistillationLayer");
        var isRead = false;
        for (var i = 0; i < recipe.Terms.Count; i++)
        {
            var term = recipe.Terms[i];
            if (!term.IsActive)
            {
                continue;
            }

            if (Planner.GroupOf(recipe, term) == TermGroup.Layer)
            {
                isRead = true;
                if (!layer.IsWritten)
                {
                    yield return Problem.At(ProblemLocation.Term(i), "JIG0040", term.Name);
                }
            }

            foreach (var parameter in ReadParameters(term, logits: false))
            {
                isRead = true;
                if (!layer.IsWritten)
                {
                    yield return Problem.At(ProblemLocation.Parameter(i, parameter), "JIG0040", term.SpokenName);
                }
            }
        }

        if (layer.Value is { } index && !isRead && recipe.IsWhole && recipe.Terms.Any(term => term.IsActive))
        {
            yield return Problem.At(ProblemLocation.RecipeArgument(layer.Name), "JIG0041", NumberText.Of(index));
        }
    }

    private static IEnumerable<Problem> Truncation(RecipeModel recipe)
    {
        if (!recipe.Truncate)
        {
            yield break;
        }

        if (!recipe.Argument("DistillationLayer").IsWritten)
        {
            yield return Problem.At(ProblemLocation.RecipeArgument("Truncate"), "JIG0042");
            yield break;
        }

        for (var i = 0; i < recipe.Terms.Count; i++)
        {
            var term = recipe.Terms[i];
            if (term.IsActive && term.Custom is null && Planner.GroupOf(recipe, term) == TermGroup.Logits)
            {
                yield return Problem.At(ProblemLocation.Term(i), "JIG0043", term.Name);
            }

            if (term.IsActive && Planner.ReadsPredictions(term))
            {
                yield return Problem.At(ProblemLocation.Term(i), "JIG0043", term.Name);
            }

            foreach (var parameter in term.IsActive ? ReadParameters(term, logits: true) : [])
            {
                yield return Problem.At(ProblemLocation.Parameter(i, parameter), "JIG0043", term.SpokenName);
            }
        }
    }

    private static IEnumerable<Problem> Arguments(RecipeModel recipe)
    {
        for (var i = 0; i < recipe.Terms.Count; i++)
        {
            var term = recipe.Terms[i];
            foreach (var argument in term.Arguments.Where(argument => argument.IsWritten))
            {
                if (argument.Needs is { } needed && term.Argument(needed) is { IsWritten: false })
                {
                    yield return Problem.At(ProblemLocation.WholeArgument(i, argument.Name), "JIG0044", argument.Name, term.SpokenName, needed);
                }

                if (argument.Kind == ArgumentKind.Mask && term.Custom is { IsOfRows: false, Unfit: null } custom)
                {
                    yield return Problem.At(ProblemLocation.WholeArgument(i, argument.Name), "JIG0069", custom.SpokenName);
                }

                if (argument.MaskUnless is not null && term.Argument("Mask") is { IsWritten: true })
                {
                    yield return Problem.At(ProblemLocation.WholeArgument(i, argument.Name), "JIG0046", argument.Name, term.Name);
                }
            }

            if (term.IsActive && term.Pull == TermPull.Maximized && term.Argument("MaxLoss") is { IsWritten: false })
            {
                yield return Problem.At(ProblemLocation.Term(i), "JIG0045", term.Name);
            }

            if (term.IsActive && term.Argument("CharacteristicLength") is { IsWritten: false })
            {
                yield return Problem.At(ProblemLocation.Term(i), "JIG0050", term.Name);
            }
        }
    }

    private static IEnumerable<Problem> Ramps(RecipeModel recipe)
    {
        for (var i = 0; i < recipe.Terms.Count; i++)
        {
            var term = recipe.Terms[i];
            if (term.Argument("RampStart") is not { } start)
            {
                continue;
            }

            var isGeometric = term.Argument("Ramp")!.Value is (int)Ramp.Geometric;
            if (isGeometric && !start.IsWritten && term.Argument("RampSteps")!.IsWritten)
            {
                yield return Problem.At(ProblemLocation.TermArgument(i, "Ramp"), "JIG0029", term.SpokenName);
            }
            else if (!isGeometric && start.IsWritten)
            {
                yield return Problem.At(ProblemLocation.WholeArgument(i, "RampStart"), "JIG0044", start.Name, term.SpokenName, "Ramp = Ramp.Geometric");
            }

            if (term.Argument("RampStartFrom") is { Value: { } begin } && term.Argument("RampFrom")!.Effective is { } from && begin > from && from >= 0)
            {
                yield return Problem.At(
                    ProblemLocation.TermArgument(i, "RampStartFrom"),
                    "JIG0028",
                    $"RampStartFrom of '{term.SpokenName}' is {NumberText.Of(begin)}, after RampFrom, the step at which the weight starts to rise; use a whole number from 0 to {NumberText.Of(from)}");
            }
        }
    }

    private static IEnumerable<Problem> Alpha(RecipeModel recipe)
    {
        if (recipe.Alpha is not (0 or 1))
        {
            yield break;
        }

        var silenced = recipe.Alpha is 0 ? TermKind.Strength : TermKind.Similarity;
        var names = recipe.Terms.Where(term => term.IsActive && term.Kind == silenced).Select(term => $"'{term.SpokenName}'").ToList();
        if (names.Count > 0)
        {
            yield return Problem.At(ProblemLocation.RecipeArgument("Alpha"), "JIG0047", NumberText.Of(recipe.Alpha.Value), string.Join(", ", names));
        }
    }

    private static IEnumerable<Problem> GradientFilter(RecipeModel recipe)
    {
        const string CrossEntropy = "CrossEntropy";
        var argument = recipe.Argument("GradientFilter");
        if (argument.Value is not null && !recipe.Terms.Any(term => term.IsActive && term.Definition?.Kernel == CrossEntropy))
        {
            yield return Problem.At(ProblemLocation.RecipeArgument(argument.Name), "JIG0044", argument.Name, recipe.Name, "a cross-entropy, such as CePerformance");
        }
    }

    private static IEnumerable<Problem> Purposes(RecipeModel recipe)
    {
        var active = recipe.Terms.Where(term => term.IsActive).ToList();
        if (active.Count == 0 || !recipe.IsWhole || active.Any(term => term.Definition is null))
        {
            yield break;
        }

        if (active.All(term => term.Definition!.Purpose != TermPurpose.Quality))
        {
            yield return Problem.At(ProblemLocation.Recipe, "JIG0048", recipe.Name);
        }

        if (active.All(term => term.Definition!.Purpose != TermPurpose.Privacy))
        {
            yield return Problem.At(ProblemLocation.Recipe, "JIG0049", recipe.Name);
        }
    }

    private static IEnumerable<Problem> Steps(RecipeModel recipe)
    {
        var active = recipe.Terms.Where(term => term.IsActive).ToList();
        if (active.Count > 0 && recipe.IsWhole && active.All(term => term.Argument("Every") is { Value: > 1 }))
        {
            yield return Problem.At(ProblemLocation.Recipe, "JIG0051", recipe.Name);
        }
    }

    private static IEnumerable<int> ReadParameters(TermModel term, bool logits)
    {
        for (var i = 0; i < (term.Custom?.Parameters.Count ?? 0); i++)
        {
            if (ActivationTypes.Find(term.Custom!.Parameters[i].Type) is { Pass: not null } type && type.ReadsLogits == logits)
            {
                yield return i;
            }
        }
    }
}
