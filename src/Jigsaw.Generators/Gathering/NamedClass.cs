using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Gathering;

/// <summary>A <c>[LossTerms]</c> of a recipe.</summary>
/// <param name="Attribute">Where it is written.</param>
/// <param name="Type">What it names; null where that isn't a type.</param>
/// <param name="IsRepeated">True if the recipe has named the same before.</param>
internal readonly record struct NamedClass(AttributeData Attribute, ITypeSymbol? Type, bool IsRepeated);
