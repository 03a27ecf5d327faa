using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.CodeFixes;

/// <summary>Makes a shared term internal, in whichever file its method stands.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class MakeInternalFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public MakeInternalFix()
        : base("Make it internal", "JIG0071")
    {
    }

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node)
    {
        if (node.FirstAncestorOrSelf<MethodDeclarationSyntax>() is not { } method)
        {
            return null;
        }

        var keyword = SyntaxFactory.Token(SyntaxKind.InternalKeyword).WithTrailingTrivia(SyntaxFactory.Space);
        var others = method.Modifiers.Where(modifier => !modifier.IsKind(SyntaxKind.PrivateKeyword) && !modifier.IsKind(SyntaxKind.ProtectedKeyword)).ToList();
        var first = method.Modifiers.Count > 0 ? method.Modifiers[0] : method.ReturnType.GetFirstToken();
        return root.ReplaceNode(
            method,
            method
                .WithReturnType(method.Modifiers.Count > 0 ? method.ReturnType : method.ReturnType.WithoutLeadingTrivia())
                .WithModifiers([keyword.WithLeadingTrivia(first.LeadingTrivia), .. others.Select(modifier => modifier == first ? modifier.WithLeadingTrivia() : modifier)]));
    }
}
