using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.CodeFixes;

/// <summary>Takes an argument out that has no effect, or contradicts another.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class TakeOutArgumentFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public TakeOutArgumentFix()
        : base("Take the argument out", "JIG0041", "JIG0044", "JIG0046")
    {
    }

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node) =>
        node.FirstAncestorOrSelf<AttributeArgumentSyntax>() is { Parent.Parent: AttributeSyntax attribute } argument
            ? root.ReplaceNode(attribute, attribute.WithoutArgument(argument))
            : null;
}
