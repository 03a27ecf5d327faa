using Jigsaw.Generators.Gathering;

namespace Jigsaw.Generators.Planning;

/// <summary>A pair of tensors that several terms compare, in one pass over its rows.</summary>
/// <param name="Local">The variable that holds it.</param>
/// <param name="Terms">The terms, in the order of summation.</param>
internal sealed record PlannedPair(string Local, EquatableArray<PlannedTerm> Terms);
