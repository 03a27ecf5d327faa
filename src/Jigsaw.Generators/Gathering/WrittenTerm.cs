using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Gathering;

/// <summary>One term attribute where it was written: on the recipe, on a method of it, or on a method that it shares.</summary>
/// <param name="Attribute">The attribute.</param>
/// <param name="AttributeClass">Its class.</param>
/// <param name="Method">The method of a custom term.</param>
internal readonly record struct WrittenTerm(AttributeData Attribute, INamedTypeSymbol AttributeClass, IMethodSymbol? Method)
{
    /// <summary>The class that shares the method; null for the recipe's own.</summary>
    public INamedTypeSymbol? Class { get; init; }

    /// <summary>The <c>[LossTerms]</c> that names the class; null for a base class of the recipe.</summary>
    public AttributeData? Sharing { get; init; }
}
