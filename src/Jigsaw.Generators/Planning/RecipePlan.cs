using Jigsaw.Generators.Gathering;

namespace Jigsaw.Generators.Planning;

/// <summary>What a recipe's program consists of.</summary>
/// <param name="Terms">The terms that are in the program, in the order of summation.</param>
/// <param name="Declared">The same, in order of declaration.</param>
/// <param name="Pairs">The pairs of tensors that several terms compare.</param>
/// <param name="LeftOut">Keys of the terms whose weight is 0.</param>
internal sealed record RecipePlan(
    RecipeModel Recipe,
    EquatableArray<PlannedTerm> Terms,
    EquatableArray<PlannedTerm> Declared,
    EquatableArray<PlannedPair> Pairs,
    EquatableArray<string> LeftOut,
    EquatableArray<PlannedPass> Passes,
    EquatableArray<PlannedNumber> Numbers,
    EquatableArray<PlannedStructure> Structure)
{
    public IEnumerable<PlannedTerm> In(TermGroup group) => Terms.Where(term => term.Group == group);
}
