using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.Docs.Tests;

/// <summary>A block of C# in a page, with what the comment before it says.</summary>
/// <param name="Page">The page.</param>
/// <param name="Line">Number of the block's first line of code in the page, from 1.</param>
/// <param name="Code">The code.</param>
/// <param name="Comment">The HTML comment right before the block; empty if there is none.</param>
/// <param name="CommentLine">Number of the comment's first line.</param>
internal sealed record CodeBlock(string Page, int Line, string Code, string Comment, int CommentLine)
{
    private const string Uncompiled = "not-compiled:";
    private const string Context = "compiled-with:";

    /// <summary>Why the block is not compiled; null if it is.</summary>
    public string? Reason => Comment.StartsWith(Uncompiled, StringComparison.Ordinal) ? Comment[Uncompiled.Length..].Trim() : null;

    /// <summary>True if the previous block's statements precede this block's.</summary>
    public bool Continues => Comment == "continues";

    /// <summary>What a reader already has and the page does not repeat.</summary>
    public CompilationUnitSyntax Before =>
        Parse(Comment.StartsWith(Context, StringComparison.Ordinal) ? new string(' ', Context.Length) + Comment[Context.Length..] : "", CommentLine);

    public CompilationUnitSyntax Unit => Parse(Code, Line);

    public override string ToString() => $"{Page}:{Line}";

    private CompilationUnitSyntax Parse(string code, int line) =>
        SyntaxFactory.ParseCompilationUnit($"#line {line} \"{Page}\"\n{code}\n", options: DocsCompilation.Options);
}
