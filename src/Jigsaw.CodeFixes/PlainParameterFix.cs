using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.CodeFixes;

/// <summary>Removes the modifiers and the default value of a custom term's parameter.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class PlainParameterFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public PlainParameterFix()
        : base("Make it a plain parameter", "JIG0064")
    {
    }

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node) =>
        node.FirstAncestorOrSelf<ParameterSyntax>() is { } parameter && parameter.Type is { } type
            ? root.ReplaceNode(parameter, parameter.WithModifiers(default).WithDefault(null).WithType(type.WithLeadingTrivia(parameter.GetLeadingTrivia())).WithIdentifier(parameter.Identifier.WithTrailingTrivia()))
            : null;
}
