using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.Generators.Gathering;

/// <summary>Finds loss terms in types that are not recipes. Recipes are recognized by their text, so their terms cost nothing.</summary>
internal static class StrayTerms
{
    /// <summary>True if a declaration has, by its text, a term but no <c>[LossRecipe]</c>.</summary>
    public static bool AreWritten(SyntaxNode node)
    {
        if (node is not TypeDeclarationSyntax type || type.AttributeLists.Any(list => list.Attributes.Any(attribute => NameOf(attribute.Name) is "LossRecipe" or "LossRecipeAttribute")))
        {
            return false;
        }

        return HasTerm(type.AttributeLists) || type.Members.Any(member => member is MethodDeclarationSyntax method && HasTerm(method.AttributeLists));
    }

    /// <summary>The first term of a type that is not a recipe, or its <c>[LossTerms]</c>; null if it is one, or has neither.</summary>
    public static WrittenTerm? First(INamedTypeSymbol type)
    {
        if (RecipeGatherer.FindRecipe(type) is not null)
        {
            return null;
        }

        WrittenTerm? shared = null;
        foreach (var term in RecipeGatherer.FindOwnTerms(type))
        {
            if (term.Method is null)
            {
                return term;
            }

            shared ??= term;
        }

        foreach (var named in TermClasses.NamedBy(type))
        {
            return new WrittenTerm(named.Attribute!, named.Attribute!.AttributeClass!, null);
        }

        return shared;
    }

    private static bool HasTerm(SyntaxList<AttributeListSyntax> lists) => lists.Any(list => list.Attributes.Any(attribute => IsTerm(attribute.Name)));

    private static bool IsTerm(NameSyntax name) =>
        NameOf(name) is "LossTerm" or "LossTermAttribute" or "LossTerms" or "LossTermsAttribute" || (name is QualifiedNameSyntax qualified && NameOf(qualified.Left) is "LossTerm");

    private static string NameOf(NameSyntax name) => name switch
    {
        SimpleNameSyntax simple => simple.Identifier.ValueText,
        QualifiedNameSyntax qualified => qualified.Right.Identifier.ValueText,
        AliasQualifiedNameSyntax alias => alias.Name.Identifier.ValueText,
        _ => "",
    };
}
