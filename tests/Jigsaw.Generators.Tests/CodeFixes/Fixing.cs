using Jigsaw.CodeFixes;
using Jigsaw.Generators.Tests.Compiling;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.Text;

namespace Jigsaw.Generators.Tests.CodeFixes;

/// <summary>Applies a code fix as an IDE does.</summary>
internal static class Fixing
{
    public static IReadOnlyList<RecipeCodeFix> Fixes { get; } =
        [.. typeof(RecipeCodeFix).Assembly.GetTypes().Where(type => !type.IsAbstract && type.IsSubclassOf(typeof(RecipeCodeFix))).Select(type => (RecipeCodeFix)Activator.CreateInstance(type)!)];

    /// <summary>The text after the fix of the first diagnostic of an id; null where none is offered.</summary>
    public static string? Apply(string source, string id)
    {
        var diagnostic = Compiled.Of(source).Diagnostics.First(diagnostic => diagnostic.Id == id);
        using var workspace = new AdhocWorkspace();
        var document = workspace.AddProject("Recipes", LanguageNames.CSharp).WithParseOptions(Compiled.Parsing).AddDocument("File0.cs", SourceText.From(source));
        var tree = document.GetSyntaxTreeAsync().GetAwaiter().GetResult()!;
        var placed = Diagnostic.Create(diagnostic.Descriptor, Location.Create(tree, diagnostic.Location.SourceSpan));
        CodeAction? offered = null;
        foreach (var fix in Fixes.Where(fix => fix.FixableDiagnosticIds.Contains(id)))
        {
            fix.RegisterCodeFixesAsync(new CodeFixContext(document, placed, (action, _) => offered ??= action, CancellationToken.None)).GetAwaiter().GetResult();
        }

        var operations = offered?.GetOperationsAsync(CancellationToken.None).GetAwaiter().GetResult();
        return operations?.OfType<ApplyChangesOperation>().Single().ChangedSolution.GetDocument(document.Id)!.GetTextAsync().GetAwaiter().GetResult().ToString();
    }
}
