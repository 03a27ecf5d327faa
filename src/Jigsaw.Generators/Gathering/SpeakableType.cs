using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Jigsaw.Generators.Gathering;

/// <summary>Tells if generated code can name a type.</summary>
internal static class SpeakableType
{
    /// <summary>What keeps it from that, as the end of a sentence; null where nothing does.</summary>
    public static string? Problem(INamedTypeSymbol type, Compilation compilation)
    {
        if (type.IsFileLocal)
        {
            return "is local to its file, so the loss can't call it from another file; remove 'file'";
        }

        if (!type.IsTupleType && !SyntaxFacts.IsValidIdentifier(type.Name))
        {
            return "has a name that C# can't write; rename it";
        }

        var isForeign = !SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, compilation.Assembly);
        if (Mark(type, isForeign) is { } mark)
        {
            return $"is marked [{mark}], but the loss calls it at each step; remove the attribute, or remove [LossTerms]";
        }

        if (isForeign && compilation.GetMetadataReference(type.ContainingAssembly) is { Properties.Aliases: { IsEmpty: false } aliases } && !aliases.Contains(MetadataReferenceProperties.GlobalAlias))
        {
            return "is of an assembly that is referenced under an alias alone, which the loss doesn't have; add 'global' to the reference's Aliases";
        }

        var outermost = type;
        while (outermost.ContainingType is { } around)
        {
            outermost = around;
        }

        return compilation.GetTypesByMetadataName(RecipeGatherer.MetadataNameOf(outermost)).Count(other => compilation.IsSymbolAccessibleWithin(other, compilation.Assembly)) > 1
            ? "is declared in several assemblies of the program, so the loss can't tell which is meant; rename one"
            : null;
    }

    private static string? Mark(INamedTypeSymbol type, bool isForeign)
    {
        foreach (var attribute in type.GetAttributes().Concat(isForeign ? type.ContainingModule.GetAttributes().Concat(type.ContainingAssembly.GetAttributes()) : []))
        {
            if (attribute.AttributeClass?.Name is "ObsoleteAttribute" or "ExperimentalAttribute")
            {
                return attribute.AttributeClass.Name.Substring(0, attribute.AttributeClass.Name.Length - "Attribute".Length);
            }
        }

        return null;
    }
}
