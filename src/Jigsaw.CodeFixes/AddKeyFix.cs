using System.Composition;
using Jigsaw.CompilerServices;
using Jigsaw.Planning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.CodeFixes;

/// <summary>Gives a term that the recipe has already a key of its own.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class AddKeyFix : RecipeCodeFix
{
    /// <summary>Makes the fix.</summary>
    public AddKeyFix()
        : base("Give the term its own Key", "JIG0009")
    {
    }

    private protected override bool Guesses => true;

    private protected override SyntaxNode? Fix(SyntaxNode root, SyntaxNode node)
    {
        const string Suffix = "Attribute";
        if (node.FirstAncestorOrSelf<AttributeSyntax>() is not { Parent.Parent: TypeDeclarationSyntax type, Name: QualifiedNameSyntax qualified } attribute || RemoveRepeatedClassFix.IsOfClass(attribute))
        {
            return null;
        }

        var name = qualified.Right.Identifier.ValueText;
        name = SnakeCase.Of(name.EndsWith(Suffix, StringComparison.Ordinal) ? name.Substring(0, name.Length - Suffix.Length) : name);
        var written = new HashSet<string>(type.AttributeLists.SelectMany(list => list.DescendantNodes()).OfType<LiteralExpressionSyntax>().Select(literal => literal.Token.ValueText), StringComparer.Ordinal);
        var number = 2;
        while (written.Contains(Key(name, number)))
        {
            number++;
        }

        return root.ReplaceNode(attribute, attribute.WithArgument("Key", $"\"{Key(name, number)}\""));
    }

    private static string Key(string name, int number) => name + "_" + NumberText.Of(number);
}
