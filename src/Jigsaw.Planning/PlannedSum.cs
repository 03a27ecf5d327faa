using Jigsaw.CompilerServices;

namespace Jigsaw.Planning;

/// <summary>A part of the composite loss: terms, added or subtracted. Those on the logits come first, as the one value that the loop over the vocabulary gives for all of them.</summary>
/// <param name="Kind">Which of the two sums under an alpha it is; null without an alpha.</param>
/// <param name="Terms">The terms, in the order of summation.</param>
internal sealed record PlannedSum(TermKind? Kind, EquatableArray<PlannedTerm> Terms);
