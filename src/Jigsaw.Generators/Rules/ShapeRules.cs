using Jigsaw.CompilerServices;
using Jigsaw.Generators.Gathering;

namespace Jigsaw.Generators.Rules;

/// <summary>What keeps a loss from being written into a recipe at all; the generator then writes nothing.</summary>
internal static class ShapeRules
{
    private const int CSharp9 = 900;
    private const int CSharp10 = 1000;

    public static IEnumerable<Problem> Check(RecipeDeclaration recipe) =>
        Partial(recipe).Concat(FileLocal(recipe)).Concat(Collisions(recipe)).Concat(BaseRecipe(recipe)).Concat(Environment(recipe));

    private static IEnumerable<Problem> Partial(RecipeDeclaration recipe)
    {
        for (var depth = 0; depth < recipe.Types.Count; depth++)
        {
            if (!recipe.Types[depth].IsPartial)
            {
                yield return Problem.At(ProblemLocation.Type(depth), "JIG0001", recipe.Types[depth].Name);
            }
        }
    }

    private static IEnumerable<Problem> FileLocal(RecipeDeclaration recipe)
    {
        for (var depth = 0; depth < recipe.Types.Count; depth++)
        {
            if (recipe.Types[depth].IsFile)
            {
                yield return Problem.At(ProblemLocation.Type(depth), "JIG0004", recipe.Types[depth].Name);
            }
        }
    }

    private static IEnumerable<Problem> Collisions(RecipeDeclaration recipe)
    {
        if (KnownNames.GeneratedMembers.Contains(recipe.Type.Name))
        {
            yield return Problem.At(ProblemLocation.Type(recipe.Types.Count - 1), "JIG0005", recipe.Type.Name, "", recipe.Type.Name, "it");
        }

        foreach (var member in recipe.Members)
        {
            yield return Problem.At(ProblemLocation.Member(member.Name), "JIG0005", member.Name, member.Base is null ? "" : $", which '{member.Base}' declares,", recipe.Type.Name, member.Base is null ? "it" : "it there");
        }
    }

    private static IEnumerable<Problem> BaseRecipe(RecipeDeclaration recipe)
    {
        if (recipe.BaseRecipe is { } other)
        {
            yield return Problem.At(ProblemLocation.Type(recipe.Types.Count - 1), "JIG0006", recipe.Type.Name, other);
        }
    }

    private static IEnumerable<Problem> Environment(RecipeDeclaration recipe)
    {
        var needed = recipe.Types.Any(type => type.Keyword == "record struct") ? CSharp10 : CSharp9;
        if (recipe.LanguageVersion < needed)
        {
            yield return Problem.At(
                ProblemLocation.Recipe, "JIG0007", NumberText.Of(recipe.LanguageVersion < 100 ? recipe.LanguageVersion : recipe.LanguageVersion / 100.0), NumberText.Of(needed / 100));
        }

        if (!recipe.HasRuntime)
        {
            yield return Problem.At(ProblemLocation.Recipe, "JIG0008", recipe.Type.Name);
        }

        if (recipe.HidingType is { } hiding)
        {
            yield return Problem.At(ProblemLocation.Recipe, "JIG0013", hiding, recipe.Type.Name);
        }
    }
}
