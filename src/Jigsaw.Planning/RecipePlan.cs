namespace Jigsaw.Planning;

/// <summary>What a recipe's program consists of: read by the generator, which writes it as C#, and by the run-time factories, which run it.</summary>
/// <param name="Recipe">What the recipe says.</param>
/// <param name="Terms">The terms that are in the program, in the order of summation.</param>
/// <param name="Declared">The same, in order of declaration.</param>
/// <param name="Computations">What is computed, in order.</param>
/// <param name="Sums">What the composite loss is made of: one sum, or two under an alpha.</param>
/// <param name="LeftOut">Keys of the terms whose weight is 0.</param>
/// <param name="Passes">The passes that a step runs.</param>
/// <param name="Numbers">The numbers that can change at run time.</param>
/// <param name="Structure">What can't.</param>
internal sealed record RecipePlan(
    RecipeModel Recipe,
    EquatableArray<PlannedTerm> Terms,
    EquatableArray<PlannedTerm> Declared,
    EquatableArray<PlannedComputation> Computations,
    EquatableArray<PlannedSum> Sums,
    EquatableArray<string> LeftOut,
    EquatableArray<PlannedPass> Passes,
    EquatableArray<PlannedNumber> Numbers,
    EquatableArray<PlannedStructure> Structure)
{
    public IEnumerable<PlannedTerm> In(TermGroup group) => Terms.Where(term => term.Group == group);
}
