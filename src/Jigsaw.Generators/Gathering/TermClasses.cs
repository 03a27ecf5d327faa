using Jigsaw.Planning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Jigsaw.Generators.Gathering;

/// <summary>Finds the classes whose custom terms a recipe shares: those that it names, their base classes, and its own.</summary>
internal static class TermClasses
{
    /// <summary>Without the namespace, but with the types around.</summary>
    private static readonly SymbolDisplayFormat _names = new(
        SymbolDisplayGlobalNamespaceStyle.Omitted, SymbolDisplayTypeQualificationStyle.NameAndContainingTypes, SymbolDisplayGenericsOptions.IncludeTypeParameters, miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes);

    /// <summary>What a recipe names, in order.</summary>
    public static IEnumerable<NamedClass> NamedBy(INamedTypeSymbol recipe)
    {
        var seen = new HashSet<ITypeSymbol>(SymbolEqualityComparer.Default);
        foreach (var attribute in recipe.GetAttributes())
        {
            if (attribute.AttributeClass is { } attributeClass && attributeClass.IsOfDsl(KnownNames.LossTermsClass))
            {
                var type = attribute.ConstructorArguments.Length == 1 && attribute.ConstructorArguments[0] is { Kind: TypedConstantKind.Type, Value: ITypeSymbol named } ? named : null;
                yield return new NamedClass(type, attribute, null, IsRepeated: type is not null && !seen.Add(type));
            }
        }
    }

    /// <summary>What a recipe names, and then the base classes with terms, in the order of the model's classes.</summary>
    public static IReadOnlyList<NamedClass> Of(INamedTypeSymbol recipe)
    {
        var named = NamedBy(recipe).ToList();
        var seen = new HashSet<ITypeSymbol>(named.Select(one => one.Type).OfType<ITypeSymbol>(), SymbolEqualityComparer.Default);
        var bases = named.Where(CanShare).SelectMany(one => BasesOf((INamedTypeSymbol)one.Type!, one.Attribute)).Concat(BasesOf(recipe, null));
        return [.. named, .. bases.Where(one => TermsOf((INamedTypeSymbol)one.Type!, recipe).Any() && seen.Add(one.Type!))];
    }

    /// <summary>True if the terms of a class are terms of the recipe, whatever else is wrong with it.</summary>
    public static bool CanShare(NamedClass named) =>
        named is { IsRepeated: false, Type: INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct or TypeKind.Interface } type } && !IsOpen(type) && RecipeGatherer.FindRecipe(type) is null;

    /// <summary>The custom terms of a class, of another assembly those that it shows to the recipe's.</summary>
    public static IEnumerable<WrittenTerm> TermsOf(INamedTypeSymbol type, INamedTypeSymbol recipe) =>
        RecipeGatherer.FindOwnTerms(type).Where(term => term.Method is { } method
            && (SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, recipe.ContainingAssembly) || IsVisible(method.DeclaredAccessibility, type.ContainingAssembly.GivesAccessTo(recipe.ContainingAssembly))));

    /// <summary>Models what a recipe names, or a base class.</summary>
    public static NamedClassModel Model(INamedTypeSymbol recipe, NamedClass named, Compilation compilation, CancellationToken cancellation)
    {
        var isKnown = named.Attribute?.AttributeConstructor is not null || named.Derived is not null;
        if (named.Type is { } type)
        {
            isKnown &= !Mentioned(type).Any(mentioned => mentioned.TypeKind == TypeKind.Error)
                && (type is not INamedTypeSymbol || compilation.IsSymbolAccessibleWithin(type, recipe))
                && (!IsConstructed(type) || !Written(named, cancellation).Any(written => HasErrors(written.Tree, written.Span, compilation, cancellation)));
        }
        else
        {
            isKnown &= named.Attribute!.ConstructorArguments.All(argument => argument.Kind != TypedConstantKind.Error);
        }

        return new NamedClassModel(named.Type is null ? "null" : NameOf(named.Type), isKnown ? Unfit(named.Type, recipe, compilation) : null, named.IsRepeated, isKnown);
    }

    /// <summary>A type's name, as messages give it.</summary>
    public static string NameOf(ITypeSymbol type) => type.ToDisplayString(_names);

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

    private static bool IsVisible(Accessibility accessibility, bool showsInternals) => accessibility
        is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal || (showsInternals && accessibility is Accessibility.Internal or Accessibility.ProtectedAndInternal);

    /// <summary>The base classes, up to one that is a recipe itself, which is another problem.</summary>
    private static IEnumerable<NamedClass> BasesOf(INamedTypeSymbol type, AttributeData? attribute)
    {
        for (var derived = type; derived.BaseType is { TypeKind: not TypeKind.Error, SpecialType: SpecialType.None } inherited && RecipeGatherer.FindRecipe(inherited) is null; derived = inherited)
        {
            yield return new NamedClass(inherited, attribute, derived, IsRepeated: false);
        }
    }

    private static string? Unfit(ITypeSymbol? type, INamedTypeSymbol recipe, Compilation compilation)
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
            if (SpeakableType.Problem(mentioned, compilation) is { } reason)
            {
                return SymbolEqualityComparer.Default.Equals(mentioned, named) ? reason : $"can't be named, since '{NameOf(mentioned)}' {reason}";
            }
        }

        return TermsOf(named, recipe).Any() || BasesOf(named, null).Any(inherited => TermsOf((INamedTypeSymbol)inherited.Type!, recipe).Any())
            ? null
            : "has no method with [LossTerm], so it adds nothing to the recipe; add a term to it, or remove [LossTerms]";
    }

    /// <summary>Where type arguments are written, which C# checks there: generated code that repeats wrong ones would be as wrong.</summary>
    private static IEnumerable<(SyntaxTree Tree, TextSpan Span)> Written(NamedClass named, CancellationToken cancellation)
    {
        if (named.Derived is null)
        {
            return named.Attribute?.ApplicationSyntaxReference is { } attribute ? [(attribute.SyntaxTree, attribute.Span)] : [];
        }

        return named.Derived.DeclaringSyntaxReferences
            .Select(reference => reference.GetSyntax(cancellation))
            .OfType<BaseTypeDeclarationSyntax>()
            .Where(declaration => declaration.BaseList is not null)
            .Select(declaration => (declaration.SyntaxTree, TextSpan.FromBounds(declaration.Identifier.SpanStart, declaration.BaseList!.Span.End)));
    }

    // What is written may stand in another file than the recipe.
#pragma warning disable RS1030
    private static bool HasErrors(SyntaxTree tree, TextSpan span, Compilation compilation, CancellationToken cancellation) =>
        compilation.ContainsSyntaxTree(tree) && compilation.GetSemanticModel(tree).GetDiagnostics(span, cancellation).Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
#pragma warning restore RS1030

    private static bool IsConstructed(ITypeSymbol type) => type is INamedTypeSymbol named && (named.TypeArguments.Length > 0 || (named.ContainingType is { } around && IsConstructed(around)));

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
