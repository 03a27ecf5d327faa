using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.CodeFixes;

/// <summary>Changes arguments of attributes.</summary>
internal static class AttributeEditing
{
    /// <summary>The attribute with one more named argument, as the last or the first.</summary>
    public static AttributeSyntax WithArgument(this AttributeSyntax attribute, string name, string value, bool first = false)
    {
        var equals = SyntaxFactory.NameEquals(SyntaxFactory.IdentifierName(name).WithTrailingTrivia(SyntaxFactory.Space)).WithTrailingTrivia(SyntaxFactory.Space);
        var argument = SyntaxFactory.AttributeArgument(equals, null, SyntaxFactory.ParseExpression(value));
        var written = attribute.ArgumentList?.Arguments.ToList() ?? [];
        written.Insert(first ? 0 : written.Count, argument);
        return attribute.WithArguments(written);
    }

    /// <summary>The attribute without one argument.</summary>
    public static AttributeSyntax WithoutArgument(this AttributeSyntax attribute, AttributeArgumentSyntax argument) =>
        attribute.WithArguments([.. attribute.ArgumentList!.Arguments.Where(other => other != argument)]);

    private static AttributeSyntax WithArguments(this AttributeSyntax attribute, List<AttributeArgumentSyntax> arguments)
    {
        if (arguments.Count == 0)
        {
            return attribute.WithArgumentList(null);
        }

        var commas = Enumerable.Repeat(SyntaxFactory.Token(SyntaxKind.CommaToken).WithTrailingTrivia(SyntaxFactory.Space), arguments.Count - 1);
        var list = SyntaxFactory.SeparatedList(arguments, commas);
        return attribute.WithArgumentList(attribute.ArgumentList is { } old ? old.WithArguments(list) : SyntaxFactory.AttributeArgumentList(list));
    }
}
