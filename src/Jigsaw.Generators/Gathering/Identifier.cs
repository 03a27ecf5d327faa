using Microsoft.CodeAnalysis.CSharp;

namespace Jigsaw.Generators.Gathering;

/// <summary>Writes names so that they are names wherever they stand.</summary>
internal static class Identifier
{
    /// <summary>The name, with an <c>@</c> where it is a keyword in some place.</summary>
    public static string Of(string name) =>
        SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None || SyntaxFacts.GetContextualKeywordKind(name) != SyntaxKind.None ? "@" + name : name;

    /// <summary>The name of a type that is declared, with an <c>@</c> also where it might become a keyword: in small Latin letters alone.</summary>
    public static string OfType(string name) => name.All(c => c is >= 'a' and <= 'z') ? "@" + name : Of(name);
}
