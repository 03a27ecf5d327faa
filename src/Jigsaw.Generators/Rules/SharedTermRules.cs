using Jigsaw.Planning;

namespace Jigsaw.Generators.Rules;

/// <summary>What a recipe may share: the terms of classes that generated code can name, each once, by methods that it can call.</summary>
internal static class SharedTermRules
{
    public static IEnumerable<Problem> Check(RecipeModel recipe)
    {
        for (var i = 0; i < recipe.Classes.Count; i++)
        {
            var named = recipe.Classes[i];
            if (named.IsRepeated)
            {
                yield return Problem.At(ProblemLocation.Class(i), "JIG0009", named.Name, recipe.Name, "");
            }
            else if (named.Unfit is { } reason)
            {
                yield return Problem.At(ProblemLocation.Class(i), "JIG0070", named.Name, reason);
            }
        }

        var methods = new HashSet<CustomTermModel>();
        for (var i = 0; i < recipe.Terms.Count; i++)
        {
            if (recipe.Terms[i].Custom is { Hidden: { } hidden, Unfit: null } custom && methods.Add(custom))
            {
                yield return Problem.At(ProblemLocation.Hidden(i), "JIG0071", custom.SpokenName, hidden, recipe.Name);
            }
        }
    }
}
