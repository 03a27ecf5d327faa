using Microsoft.CodeAnalysis;

namespace Jigsaw.Generators.Gathering;

/// <summary>Writes a type as an expression that means it wherever it stands.</summary>
internal static class TypeExpression
{
    /// <summary>The type from the global namespace on, with its type arguments.</summary>
    public static string Of(ITypeSymbol type) => string.Concat(type.ToDisplayParts(SymbolDisplayFormat.FullyQualifiedFormat).Select(Written));

    private static string Written(SymbolDisplayPart part) => part.Kind switch
    {
        SymbolDisplayPartKind.NamespaceName or SymbolDisplayPartKind.ClassName or SymbolDisplayPartKind.RecordClassName or SymbolDisplayPartKind.StructName or SymbolDisplayPartKind.RecordStructName
            or SymbolDisplayPartKind.InterfaceName or SymbolDisplayPartKind.EnumName or SymbolDisplayPartKind.DelegateName or SymbolDisplayPartKind.TypeParameterName => Identifier.OfType(part.ToString().TrimStart('@')),
        _ => part.ToString(),
    };
}
