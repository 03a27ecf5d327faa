using Jigsaw.Generators.Gathering;
using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Rules;

/// <summary>Finds what is wrong with a type, each problem once and in one place: what a class of shared terms has wrong by itself is reported there, not at the recipes that name it.</summary>
internal static class LocatedProblems
{
    /// <summary>What is wrong with a recipe.</summary>
    public static IEnumerable<LocatedProblem> OfRecipe(INamedTypeSymbol recipe, RecipeDeclaration declaration, Compilation compilation, CancellationToken cancellation)
    {
        var terms = RecipeGatherer.FindTerms(recipe).ToList();
        var problems = ShapeRules.Check(declaration)
            .Concat(RecipeRules.Check(declaration.Recipe))
            .Where(problem => !problem.Location.IsOfTerm || terms[problem.Location.Index] is not { Class: not null } shared || !IsOfClass(problem, shared));
        return LocatedProblem.Of(problems, new ProblemLocator(recipe, terms, cancellation));

        bool IsOfClass(Problem problem, WrittenTerm shared) =>
            SymbolEqualityComparer.Default.Equals(shared.Class!.ContainingAssembly, recipe.ContainingAssembly)
            && OfClass(shared.Class.OriginalDefinition, compilation, cancellation)
                .Any(own => own.Problem.Id == problem.Id && SymbolEqualityComparer.Default.Equals(own.Method, shared.Method!.OriginalDefinition));
    }

    /// <summary>What is wrong with a type that has terms and is not a recipe; null of a type without terms.</summary>
    public static ClassProblems? OfOther(INamedTypeSymbol type, Compilation compilation, CancellationToken cancellation)
    {
        if (StrayTerms.First(type) is not { } first)
        {
            return null;
        }

        var isOfRecipesAlone = !first.AttributeClass.IsOfDsl(KnownNames.LossTerm);
        var stray = new LocatedProblem(
            Problem.At(ProblemLocation.Term(0), "JIG0002", type.Name, isOfRecipesAlone ? "" : ", and no recipe names it with [LossTerms]"),
            ProblemLocator.Name(first.Attribute, cancellation),
            []);
        return new ClassProblems(stray, isOfRecipesAlone, isOfRecipesAlone ? [] : LocatedProblem.Of(OfClass(type, compilation, cancellation).Select(own => own.Problem), new ProblemLocator(type, [.. RecipeGatherer.FindOwnTerms(type)], cancellation)));
    }

    private static IEnumerable<(Problem Problem, IMethodSymbol? Method)> OfClass(INamedTypeSymbol type, Compilation compilation, CancellationToken cancellation)
    {
        var terms = RecipeGatherer.FindOwnTerms(type).ToList();
        return RecipeRules.CheckClass(RecipeGatherer.GatherClass(type, compilation, cancellation)).Select(problem => (problem, terms[problem.Location.Index].Method));
    }
}
