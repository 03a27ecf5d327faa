using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jigsaw.CodeFixes;

/// <summary>Drops the minus of a weight: which way a term pulls is the term's.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class DropSignFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public DropSignFix()
        : base("Drop the minus", "JIG0020")
    {
    }

    private protected override bool Guesses => true;

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node)
    {
        var minus = node.DescendantNodesAndSelf().OfType<PrefixUnaryExpressionSyntax>().FirstOrDefault();
        return minus is not null && minus.IsKind(SyntaxKind.UnaryMinusExpression) && minus.Span == node.Span
            ? root.ReplaceNode(minus, minus.Operand.WithTriviaFrom(minus))
            : null;
    }
}
