using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jigsaw.CodeFixes;

/// <summary>Adds <c>[LossRecipe]</c> to a type that has terms.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class AddRecipeFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public AddRecipeFix()
        : base("Add [LossRecipe]", "JIG0002")
    {
    }

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node)
    {
        if (node.FirstAncestorOrSelf<TypeDeclarationSyntax>() is not { } type)
        {
            return null;
        }

        var first = type.GetFirstToken();
        var indent = first.LeadingTrivia.LastOrDefault(trivia => trivia.IsKind(SyntaxKind.WhitespaceTrivia));
        var attribute = SyntaxFactory.AttributeList([SyntaxFactory.Attribute(SyntaxFactory.IdentifierName("LossRecipe"))])
            .WithLeadingTrivia(first.LeadingTrivia)
            .WithTrailingTrivia(SyntaxFactory.LineFeed);
        var rest = type.ReplaceToken(first, first.WithLeadingTrivia(indent.IsKind(SyntaxKind.WhitespaceTrivia) ? SyntaxFactory.TriviaList(indent) : SyntaxFactory.TriviaList()));
        return root.ReplaceNode(type, rest.WithAttributeLists(rest.AttributeLists.Insert(0, attribute)));
    }
}
