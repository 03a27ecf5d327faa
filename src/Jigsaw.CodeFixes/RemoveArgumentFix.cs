using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jigsaw.CodeFixes;

/// <summary>Removes an argument that has no effect, or contradicts another.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class RemoveArgumentFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public RemoveArgumentFix()
        : base("Remove the argument", "JIG0041", "JIG0044", "JIG0046")
    {
    }

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node) =>
        node.FirstAncestorOrSelf<AttributeArgumentSyntax>() is { Parent.Parent: AttributeSyntax attribute } argument
            ? root.ReplaceNode(attribute, attribute.WithoutArgument(argument))
            : null;
}
