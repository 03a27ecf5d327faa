using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Gathering;

/// <summary>One term attribute where it was written: on the recipe, or on a method of it.</summary>
internal readonly record struct WrittenTerm(AttributeData Attribute, INamedTypeSymbol AttributeClass, IMethodSymbol? Method);
