using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jigsaw.CodeFixes;

/// <summary>Adds a term that keeps quality and one that adds privacy to a recipe without terms.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class AddTermsFix : RecipeCodeFix
{
    private static readonly string[] _terms = ["LossTerm.CePerformance(1.0)", "LossTerm.AbsoluteCosineSimilarity(0.5)"];

    /// <summary>Makes the fix.</summary>
    public AddTermsFix()
        : base("Add CePerformance and AbsoluteCosineSimilarity", "JIG0003")
    {
    }

    private protected override bool Guesses => true;

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node)
    {
        if (node.FirstAncestorOrSelf<AttributeListSyntax>() is not { Parent: TypeDeclarationSyntax type } recipe || type.AttributeLists.Count > 1)
        {
            return null;
        }

        var terms = _terms
            .Select(term => SyntaxFactory.ParseCompilationUnit($"[{term}] class C;").Members[0].AttributeLists[0].WithoutTrivia()
                .WithLeadingTrivia(recipe.GetLeadingTrivia().Where(trivia => trivia.IsKind(SyntaxKind.WhitespaceTrivia)))
                .WithTrailingTrivia(SyntaxFactory.ElasticLineFeed));
        return root.InsertNodesAfter(recipe, terms);
    }
}
