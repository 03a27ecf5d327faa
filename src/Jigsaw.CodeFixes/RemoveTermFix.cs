using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.CodeFixes;

/// <summary>Removes a term that is off, too small or too large to count, or can't be computed in the recipe: its attribute, never a method.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class RemoveTermFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public RemoveTermFix()
        : base("Remove the term", "JIG0021", "JIG0027", "JIG0030", "JIG0043")
    {
    }

    private protected override bool Guesses => true;

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node)
    {
        var attribute = node.FirstAncestorOrSelf<AttributeSyntax>()
            ?? node.FirstAncestorOrSelf<MethodDeclarationSyntax>()?.AttributeLists.SelectMany(list => list.Attributes).FirstOrDefault(IsTerm);
        return attribute is { Parent: AttributeListSyntax list } && IsTerm(attribute)
            ? root.RemoveNode(list.Attributes.Count == 1 ? list : attribute, SyntaxRemoveOptions.KeepExteriorTrivia | SyntaxRemoveOptions.AddElasticMarker)
            : null;
    }

    private static bool IsTerm(AttributeSyntax attribute) => attribute.Name.ToString().Split(':').Last().Split('.').Any(part => part is "LossTerm" or "LossTermAttribute");
}
