using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jigsaw.CodeFixes;

/// <summary>Adds a distillation layer to the recipe of a term that needs one.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class AddLayerFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public AddLayerFix()
        : base("Add DistillationLayer to [LossRecipe]", "JIG0040", "JIG0042")
    {
    }

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node)
    {
        var recipe = node.AncestorsAndSelf().OfType<TypeDeclarationSyntax>().SelectMany(type => type.AttributeLists).SelectMany(list => list.Attributes)
            .FirstOrDefault(attribute => attribute.Name.ToString().Split('.', ':').Last() is "LossRecipe" or "LossRecipeAttribute");
        return recipe is null ? null : root.ReplaceNode(recipe, recipe.WithArgument("DistillationLayer", "0", first: true));
    }
}
