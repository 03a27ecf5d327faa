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
    public static string? Apply(string source, string id) => ApplyTo([source], id)?[0];

    /// <summary>The files after the fix of the first diagnostic of an id; null where none is offered.</summary>
    public static string[]? ApplyTo(string[] sources, string id)
    {
        var diagnostic = Compiled.Of(sources).Diagnostics.First(diagnostic => diagnostic.Id == id);
        using var workspace = new AdhocWorkspace();
        var project = workspace.AddProject("Recipes", LanguageNames.CSharp).WithParseOptions(Compiled.Parsing);
        var documents = new DocumentId[sources.Length];
        for (var i = 0; i < sources.Length; i++)
        {
            var added = project.AddDocument($"File{i}.cs", SourceText.From(sources[i]));
            (documents[i], project) = (added.Id, added.Project);
        }

        var placed = Diagnostic.Create(diagnostic.Descriptor, Placed(diagnostic.Location), diagnostic.AdditionalLocations.Select(Placed));
        CodeAction? offered = null;
        foreach (var fix in Fixes.Where(fix => fix.FixableDiagnosticIds.Contains(id)))
        {
            fix.RegisterCodeFixesAsync(new CodeFixContext(DocumentOf(diagnostic.Location), placed, (action, _) => offered ??= action, CancellationToken.None)).GetAwaiter().GetResult();
        }

        var changed = offered?.GetOperationsAsync(CancellationToken.None).GetAwaiter().GetResult().OfType<ApplyChangesOperation>().Single().ChangedSolution;
        return changed is null ? null : [.. documents.Select(document => changed.GetDocument(document)!.GetTextAsync().GetAwaiter().GetResult().ToString())];

        Document DocumentOf(Location location) => project.Documents.Single(document => document.Name == location.GetLineSpan().Path);

        Location Placed(Location location) => Location.Create(DocumentOf(location).GetSyntaxTreeAsync().GetAwaiter().GetResult()!, location.SourceSpan);
    }
}
