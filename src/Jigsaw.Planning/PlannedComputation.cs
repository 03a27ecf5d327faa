namespace Jigsaw.Planning;

/// <summary>What is computed at once.</summary>
/// <param name="Kind">How.</param>
/// <param name="Local">The variable that holds its values where they are too many to deconstruct.</param>
/// <param name="Terms">The terms that it gives the values of, at least one, in the order of summation.</param>
internal sealed record PlannedComputation(ComputationKind Kind, string Local, EquatableArray<PlannedTerm> Terms)
{
    public PlannedTerm First => Terms[0];
}
