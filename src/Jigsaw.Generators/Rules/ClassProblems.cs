namespace Jigsaw.Generators.Rules;

/// <summary>What is wrong with a type that has terms and is not a recipe.</summary>
/// <param name="Stray">That it has terms, of a type whose terms no recipe can share.</param>
/// <param name="IsOfRecipesAlone">True if it has what only a recipe has, such as a built-in term.</param>
/// <param name="OfTerms">What is wrong with its terms, whichever recipe shares them.</param>
internal sealed record ClassProblems(LocatedProblem Stray, bool IsOfRecipesAlone, IEnumerable<LocatedProblem> OfTerms);
