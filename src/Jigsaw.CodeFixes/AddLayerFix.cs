using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jigsaw.CodeFixes;

/// <summary>Adds a distillation layer to the recipe of a term that needs one, in whichever part of the recipe its attribute stands.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class AddLayerFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public AddLayerFix()
        : base("Add DistillationLayer to [LossRecipe]", "JIG0040", "JIG0042")
    {
    }

    private protected override bool Guesses => true;

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node) =>
        node.AncestorsAndSelf().OfType<TypeDeclarationSyntax>().Select(RecipeOf).FirstOrDefault(attribute => attribute is not null) is { } recipe
            ? root.ReplaceNode(recipe, WithLayer(recipe))
            : null;

    private protected override async Task<(Document Document, SyntaxNode Root)?> FixElsewhereAsync(Document document, SyntaxNode node, CancellationToken cancellation)
    {
        if (await document.GetSemanticModelAsync(cancellation).ConfigureAwait(false) is not { } model)
        {
            return null;
        }

        foreach (var declaration in node.AncestorsAndSelf().OfType<TypeDeclarationSyntax>())
        {
            foreach (var reference in model.GetDeclaredSymbol(declaration, cancellation)?.DeclaringSyntaxReferences ?? [])
            {
                if (await reference.GetSyntaxAsync(cancellation).ConfigureAwait(false) is TypeDeclarationSyntax part
                    && RecipeOf(part) is { } recipe
                    && document.Project.Solution.GetDocument(reference.SyntaxTree) is { } other
                    && await other.GetSyntaxRootAsync(cancellation).ConfigureAwait(false) is { } root)
                {
                    return (other, root.ReplaceNode(recipe, WithLayer(recipe)));
                }
            }
        }

        return null;
    }

    private static AttributeSyntax WithLayer(AttributeSyntax recipe) => recipe.WithArgument("DistillationLayer", "0", first: true);

    private static AttributeSyntax? RecipeOf(TypeDeclarationSyntax type) => type.AttributeLists.SelectMany(list => list.Attributes)
        .FirstOrDefault(attribute => attribute.Name.ToString().Split('.', ':').Last() is "LossRecipe" or "LossRecipeAttribute");
}
