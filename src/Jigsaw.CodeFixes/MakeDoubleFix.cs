using System.Composition;
using Jigsaw.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jigsaw.CodeFixes;

/// <summary>Keeps a fraction: makes the divisor of a division of whole numbers a double, or removes the cast to a whole number.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class MakeDoubleFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public MakeDoubleFix()
        : base("Keep the fraction", "JIG0026")
    {
    }

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node)
    {
        var lost = node.DescendantNodesAndSelf().OfType<ExpressionSyntax>().FirstOrDefault(expression => expression.Span == node.Span && expression is BinaryExpressionSyntax or CastExpressionSyntax);
        return lost switch
        {
            BinaryExpressionSyntax division => root.ReplaceNode(division, AttributeAnalyzer.WithDouble(division)),
            CastExpressionSyntax cast => root.ReplaceNode(cast, cast.Expression.WithTriviaFrom(cast)),
            _ => null,
        };
    }
}
