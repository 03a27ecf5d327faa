using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.CodeFixes;

/// <summary>Removes a <c>[LossTerms]</c> that names what an earlier one names.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class RemoveRepeatedClassFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public RemoveRepeatedClassFix()
        : base("Remove the second [LossTerms]", "JIG0009")
    {
    }

    /// <summary>True if an attribute is a <c>[LossTerms]</c> by its text.</summary>
    internal static bool IsOfClass(AttributeSyntax attribute) => attribute.Name.ToString().Split('.', ':').Last() is "LossTerms" or "LossTermsAttribute";

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node) =>
        node.FirstAncestorOrSelf<AttributeSyntax>() is { Parent: AttributeListSyntax list } attribute && IsOfClass(attribute)
            ? root.RemoveNode(list.Attributes.Count == 1 ? list : attribute, SyntaxRemoveOptions.KeepExteriorTrivia | SyntaxRemoveOptions.AddElasticMarker)
            : null;
}
