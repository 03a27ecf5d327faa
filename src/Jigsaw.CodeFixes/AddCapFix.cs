using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jigsaw.CodeFixes;

/// <summary>Adds a cap to a maximized term.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class AddCapFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public AddCapFix()
        : base("Add MaxLoss = 10", "JIG0045")
    {
    }

    private protected override bool Guesses => true;

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node) =>
        node.FirstAncestorOrSelf<AttributeSyntax>() is { } attribute ? root.ReplaceNode(attribute, attribute.WithArgument("MaxLoss", "10")) : null;
}
