using System.Composition;
using Jigsaw.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jigsaw.CodeFixes;

/// <summary>Makes the divisor of a division of whole numbers a double.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class MakeDoubleFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public MakeDoubleFix()
        : base("Divide by a double", "JIG0026")
    {
    }

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node)
    {
        var division = node.DescendantNodesAndSelf().OfType<BinaryExpressionSyntax>().FirstOrDefault(division => division.Span == node.Span);
        return division is null ? null : root.ReplaceNode(division, AttributeAnalyzer.WithDouble(division));
    }
}
