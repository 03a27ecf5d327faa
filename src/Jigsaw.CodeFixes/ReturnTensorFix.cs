using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.CodeFixes;

/// <summary>Makes a custom term return a tensor that is never null.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class ReturnTensorFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public ReturnTensorFix()
        : base("Return a Tensor", "JIG0061")
    {
    }

    private protected override bool Guesses => true;

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node)
    {
        if (node.FirstAncestorOrSelf<MethodDeclarationSyntax>() is not { } method || !method.ReturnType.Span.Contains(node.Span))
        {
            return null;
        }

        var type = method.ReturnType is NullableTypeSyntax nullable ? nullable.ElementType.ToString() : IsTensorInScope(root) ? "Tensor" : "global::TorchSharp.torch.Tensor";
        return root.ReplaceNode(method.ReturnType, SyntaxFactory.ParseTypeName(type).WithTriviaFrom(method.ReturnType));
    }

    private static bool IsTensorInScope(SyntaxNode root) =>
        root is CompilationUnitSyntax unit && unit.Usings.Any(directive => directive.StaticKeyword != default && directive.Name?.ToString().EndsWith("torch", StringComparison.Ordinal) == true);
}
