using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jigsaw.CodeFixes;

/// <summary>Adds <c>static</c> to the method of a term of one's custom.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class AddStaticFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public AddStaticFix()
        : base("Add 'static'", "JIG0060")
    {
    }

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node)
    {
        if (node.FirstAncestorOrSelf<MethodDeclarationSyntax>() is not { } method)
        {
            return null;
        }

        var keyword = SyntaxFactory.Token(SyntaxKind.StaticKeyword).WithTrailingTrivia(SyntaxFactory.Space);
        var access = method.Modifiers.Count(modifier =>
            modifier.IsKind(SyntaxKind.PublicKeyword) || modifier.IsKind(SyntaxKind.PrivateKeyword) || modifier.IsKind(SyntaxKind.InternalKeyword) || modifier.IsKind(SyntaxKind.ProtectedKeyword));
        return method.Modifiers.Count > 0 && access > 0
            ? root.ReplaceNode(method, method.WithModifiers(method.Modifiers.Insert(access, keyword)))
            : root.ReplaceNode(
                method,
                method.WithReturnType(method.ReturnType.WithoutLeadingTrivia()).WithModifiers(method.Modifiers.Insert(0, keyword.WithLeadingTrivia(method.ReturnType.GetLeadingTrivia()))));
    }
}
