using Jigsaw.Planning;

namespace Jigsaw.Generators.Rules;

/// <summary>Which terms a recipe has: some, each once under a key, with names that no other has.</summary>
internal static class TermRules
{
    public static IEnumerable<Problem> Check(RecipeModel recipe)
    {
        if (!recipe.Terms.Any(term => term.IsActive) && recipe.IsWhole)
        {
            yield return Problem.At(ProblemLocation.Recipe, "JIG0003", recipe.Name);
        }

        foreach (var problem in CheckNames(recipe))
        {
            yield return problem;
        }
    }

    /// <summary>What is wrong with the terms' names.</summary>
    public static IEnumerable<Problem> CheckNames(RecipeModel recipe)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var names = new TakenNames(recipe);
        for (var i = 0; i < recipe.Terms.Count; i++)
        {
            var term = recipe.Terms[i];
            if (term is { WrittenKey: { } written, HasOwnKey: false })
            {
                yield return Problem.At(ProblemLocation.TermArgument(i, "Key"), "JIG0012", term.Name, written.Length == 0 ? "empty" : $"\"{written}\"", SnakeCase.Of(term.Name) + "_2");
            }
            else if (!term.HasOwnKey && !seen.Add(term.Custom is { } custom ? $"method {custom.Class?.Expression}.{custom.Method}" : term.Name))
            {
                if (term.Custom?.Unfit is null)
                {
                    yield return Problem.At(ProblemLocation.Term(i), "JIG0009", term.SpokenName, recipe.Name, term.Custom is null ? ", or give it its own Key" : "");
                }
            }
            else if (names.Take(term, i) is { } problem)
            {
                yield return problem;
            }
        }
    }

    /// <summary>The names of the terms so far.</summary>
    private sealed class TakenNames
    {
        private readonly HashSet<string> _keys = new(ReservedNames.Keys, StringComparer.Ordinal);
        private readonly HashSet<string> _properties = new(ReservedNames.OfComponents, StringComparer.Ordinal);
        private readonly HashSet<string> _numbers;

        public TakenNames(RecipeModel recipe) => _numbers = new HashSet<string>(recipe.Arguments.Select(argument => argument.OriginalName), StringComparer.Ordinal);

        /// <summary>Takes a term's names; what is wrong where one of them is taken.</summary>
        public Problem? Take(TermModel term, int index)
        {
            var remedy = term.Custom is null ? "use another Key" : "rename the method";
            var location = term.HasOwnKey ? ProblemLocation.TermArgument(index, "Key") : ProblemLocation.Method(index);
            Problem? problem = null;
            foreach (var key in term.Parts.Prepend(term.Key))
            {
                if (!_keys.Add(key))
                {
                    problem ??= Problem.At(location, "JIG0010", term.SpokenName, key, "is already the key of another component", remedy);
                }
            }

            foreach (var property in term.Parts.Select(Planner.PartProperty).Prepend(term.Property))
            {
                if (!_properties.Add(property) && term.Custom?.Unfit is null)
                {
                    problem ??= Problem.At(location, "JIG0011", term.SpokenName, property, remedy);
                }
            }

            foreach (var argument in term.Arguments)
            {
                if (!_numbers.Add(argument.OriginalName))
                {
                    problem ??= Problem.At(location, "JIG0010", term.SpokenName, term.Key, $"names the hyperparameter '{argument.OriginalName}' of another term", remedy);
                }
            }

            return problem;
        }
    }
}
