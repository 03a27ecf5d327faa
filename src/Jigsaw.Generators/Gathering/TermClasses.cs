using Jigsaw.Planning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Jigsaw.Generators.Gathering;

/// <summary>Finds the classes whose custom terms a recipe shares: those that it names, and its base classes.</summary>
internal static class TermClasses
{
    /// <summary>What a recipe names, in order.</summary>
    public static IEnumerable<NamedClass> NamedBy(INamedTypeSymbol recipe)
    {
        var seen = new HashSet<ITypeSymbol>(SymbolEqualityComparer.Default);
        foreach (var attribute in recipe.GetAttributes())
        {
            if (attribute.AttributeClass is { } attributeClass && attributeClass.IsOfDsl(KnownNames.LossTermsClass))
            {
                var type = attribute.ConstructorArguments.Length == 1 && attribute.ConstructorArguments[0] is { Kind: TypedConstantKind.Type, Value: ITypeSymbol named } ? named : null;
                yield return new NamedClass(attribute, type, IsRepeated: type is not null && !seen.Add(type));
            }
        }
    }

    /// <summary>The classes whose terms a recipe has, each once, with the attribute that names it: where it stands among the base classes of one that is named, that one's; of the recipe's own base classes, none.</summary>
    public static IEnumerable<(INamedTypeSymbol Class, AttributeData? Attribute)> Of(INamedTypeSymbol recipe)
    {
        var seen = new HashSet<ITypeSymbol>(SymbolEqualityComparer.Default);
        foreach (var named in NamedBy(recipe))
        {
            for (var type = named.Type is INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct or TypeKind.Interface } first && !IsOpen(first) ? first : null; IsClass(type); type = type!.BaseType)
            {
                if (seen.Add(type!))
                {
                    yield return (type!, named.Attribute);
                }
            }
        }

        for (var type = recipe.BaseType; IsClass(type); type = type!.BaseType)
        {
            if (seen.Add(type!))
            {
                yield return (type!, null);
            }
        }
    }

    /// <summary>Models what a recipe names.</summary>
    public static NamedClassModel Model(INamedTypeSymbol recipe, NamedClass named, Compilation compilation)
    {
        var name = named.Type is null ? "null" : NameOf(named.Type);
        var isKnown = named.Attribute.AttributeConstructor is not null && named.Attribute.ConstructorArguments.All(argument => argument.Kind != TypedConstantKind.Error)
            && (named.Type is null || (!Mentioned(named.Type).Any(type => type.TypeKind == TypeKind.Error) && (named.Type is not INamedTypeSymbol || compilation.IsSymbolAccessibleWithin(named.Type, recipe))));
        return new NamedClassModel(name, isKnown ? Unfit(named.Type, compilation) : null, named.IsRepeated, isKnown);
    }

    /// <summary>A type's name, as messages give it.</summary>
    public static string NameOf(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);

    /// <summary>True if recipes of other projects may name a class for its terms.</summary>
    public static bool IsOffered(INamedTypeSymbol type)
    {
        var opensInternals = type.ContainingAssembly.GetAttributes().Any(attribute => attribute.AttributeClass?.Name == "InternalsVisibleToAttribute");
        for (var around = type; around is not null; around = around.ContainingType)
        {
            if (!IsVisible(around.DeclaredAccessibility, opensInternals) || around.IsFileLocal)
            {
                return false;
            }
        }

        return RecipeGatherer.FindOwnTerms(type).Any(term => term.Method is { } method && IsVisible(method.DeclaredAccessibility, opensInternals));
    }

    private static bool IsVisible(Accessibility accessibility, bool opensInternals) =>
        accessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal || (opensInternals && accessibility == Accessibility.Internal);

    /// <summary>False at the end of the base classes; a base class that is a recipe itself is another problem.</summary>
    private static bool IsClass(INamedTypeSymbol? type) => type is { TypeKind: not TypeKind.Error } && RecipeGatherer.FindRecipe(type) is null;

    private static string? Unfit(ITypeSymbol? type, Compilation compilation)
    {
        if (type is not INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct or TypeKind.Interface } named)
        {
            return "is not a class; name one whose methods have [LossTerm]";
        }

        if (IsOpen(named))
        {
            return "lacks type arguments, so the loss can't call its methods; add them";
        }

        if (RecipeGatherer.FindRecipe(named) is not null)
        {
            return "is a recipe itself; move the terms that are shared into a class of their own";
        }

        foreach (var mentioned in Mentioned(named))
        {
            if (Unspeakable(mentioned, compilation) is { } reason)
            {
                return SymbolEqualityComparer.Default.Equals(mentioned, named) ? reason : $"can't be named, since '{NameOf(mentioned)}' {reason}";
            }
        }

        for (var one = named; IsClass(one); one = one!.BaseType)
        {
            if (RecipeGatherer.FindOwnTerms(one!).Any(term => term.Method is not null))
            {
                return null;
            }
        }

        return "has no method with [LossTerm], so it adds nothing to the recipe; add a term to it, or remove [LossTerms]";
    }

    /// <summary>What keeps generated code from naming a type, as the end of a sentence; null where nothing does.</summary>
    private static string? Unspeakable(INamedTypeSymbol type, Compilation compilation)
    {
        if (type.IsFileLocal)
        {
            return "is local to its file, so the loss can't call it from another file; remove 'file'";
        }

        if (!SyntaxFacts.IsValidIdentifier(type.Name))
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

    private static bool IsOpen(INamedTypeSymbol type)
    {
        for (var around = type; around is not null; around = around.ContainingType)
        {
            if (around.IsUnboundGenericType)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The types that the name of a type consists of: itself, those around it, and those of its type arguments.</summary>
    private static IEnumerable<INamedTypeSymbol> Mentioned(ITypeSymbol type)
    {
        switch (type)
        {
            case IArrayTypeSymbol array:
                return Mentioned(array.ElementType);
            case IPointerTypeSymbol pointer:
                return Mentioned(pointer.PointedAtType);
            case INamedTypeSymbol named:
                var mentioned = new List<INamedTypeSymbol> { named };
                mentioned.AddRange(IsOpen(named) ? [] : named.TypeArguments.SelectMany(Mentioned));
                mentioned.AddRange(named.ContainingType is { } around ? Mentioned(around) : []);
                return mentioned;
            default:
                return [];
        }
    }
}
