using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.CodeFixes;

/// <summary>Removes a parameter that reads what another one reads.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class RemoveParameterFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public RemoveParameterFix()
        : base("Remove the parameter", "JIG0063")
    {
    }

    // The method's body may name it.
    private protected override bool Guesses => true;

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node) =>
        node.FirstAncestorOrSelf<ParameterSyntax>() is { } parameter ? root.RemoveNode(parameter, SyntaxRemoveOptions.KeepNoTrivia) : null;
}
