using Jigsaw.Planning;
using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Gathering;

/// <summary>Reads what was written in an attribute.</summary>
internal static class AttributeReading
{
    /// <summary>The value of a named argument; null where it isn't written.</summary>
    public static object? Named(this AttributeData attribute, string name)
    {
        foreach (var argument in attribute.NamedArguments)
        {
            if (argument.Key == name && argument.Value.Kind is TypedConstantKind.Primitive or TypedConstantKind.Enum)
            {
                return argument.Value.Value;
            }
        }

        return null;
    }

    /// <summary>The texts of a named argument; none where it isn't written.</summary>
    public static EquatableArray<string> NamedTexts(this AttributeData attribute, string name)
    {
        foreach (var argument in attribute.NamedArguments)
        {
            if (argument.Key == name && argument.Value.Kind == TypedConstantKind.Array)
            {
                return argument.Value.Values.Select(value => (string)value.Value!).ToEquatableArray();
            }
        }

        return default;
    }

    /// <summary>True if a type is the one of this name in the namespace <c>Jigsaw</c>, not nested.</summary>
    public static bool IsOfDsl(this INamedTypeSymbol type, string name) =>
        type.Name == name && type.TypeKind != TypeKind.Error && type.ContainingType is null
        && type.ContainingNamespace is { Name: KnownNames.Dsl, ContainingNamespace.IsGlobalNamespace: true };

    /// <summary>True if a type is the one of this name in the namespace <c>Jigsaw.CompilerServices</c>, not nested.</summary>
    public static bool IsOfCompilerServices(this INamedTypeSymbol type, string name) =>
        type.Name == name && type.ContainingType is null
        && type.ContainingNamespace is { Name: KnownNames.CompilerServices, ContainingNamespace: { Name: KnownNames.Dsl, ContainingNamespace.IsGlobalNamespace: true } };

    /// <summary>True if a type is an attribute of a built-in term; a half-typed name is not.</summary>
    public static bool IsBuiltInTerm(this INamedTypeSymbol type) =>
        type.TypeKind == TypeKind.Class && type.ContainingType is { } terms && terms.IsOfDsl(KnownNames.LossTerms) && AttributeShape.Of(type).Definition is not null;
}
