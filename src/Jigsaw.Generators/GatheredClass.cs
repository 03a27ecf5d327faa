using Jigsaw.Planning;

namespace Jigsaw.Generators;

/// <summary>A part of a type that has terms and is not a recipe, as gathered.</summary>
/// <param name="MetadataName">The type.</param>
/// <param name="IsShared">True if recipes of other projects may name it; null where no recipe may.</param>
/// <param name="Stray">What is wrong where no recipe does; null where another part of the type has that.</param>
/// <param name="Errors">What is wrong with its terms.</param>
internal sealed record GatheredClass(string MetadataName, bool? IsShared, ReportedProblem? Stray, EquatableArray<ReportedProblem> Errors);
