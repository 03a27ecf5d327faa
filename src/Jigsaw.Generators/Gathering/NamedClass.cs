using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Gathering;

/// <summary>A class whose custom terms a recipe shares, or what it names as one.</summary>
/// <param name="Type">The class; null where what is named isn't a type.</param>
/// <param name="Attribute">The <c>[LossTerms]</c> that names it, or a class that derives from it; null for a base class of the recipe.</param>
/// <param name="Derived">The class that derives from it; null where the attribute names it itself.</param>
/// <param name="IsRepeated">True if an earlier attribute names the same.</param>
internal readonly record struct NamedClass(ITypeSymbol? Type, AttributeData? Attribute, INamedTypeSymbol? Derived, bool IsRepeated);
