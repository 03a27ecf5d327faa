using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jigsaw.CodeFixes;

/// <summary>A fix that changes the syntax of one file: the one with the squiggle, or the one that the diagnostic or the fix names.</summary>
public abstract class RecipeCodeFix : CodeFixProvider
{
    private readonly string _title;

    private protected RecipeCodeFix(string title, params string[] ids)
    {
        _title = title;
        FixableDiagnosticIds = [.. ids];
    }

    /// <inheritdoc/>
    public sealed override ImmutableArray<string> FixableDiagnosticIds { get; }

    /// <summary>True if the fix guesses a number or a name, or changes what is trained: it is applied one at a time, never to a whole solution at once.</summary>
    private protected virtual bool Guesses => false;

    /// <inheritdoc/>
    public sealed override FixAllProvider? GetFixAllProvider() => Guesses ? null : WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public sealed override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        foreach (var diagnostic in context.Diagnostics)
        {
            // What has to change may stand elsewhere, such as a constant that the squiggled argument names.
            var location = diagnostic.AdditionalLocations.Count > 0 ? diagnostic.AdditionalLocations[0] : diagnostic.Location;
            var document = location.SourceTree is { } tree ? context.Document.Project.Solution.GetDocument(tree) ?? context.Document : context.Document;
            if (await document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false) is not { } root || !root.FullSpan.Contains(location.SourceSpan))
            {
                continue;
            }

            var node = root.FindNode(location.SourceSpan, getInnermostNodeForTie: true);
            if (Fix(root, node) is { } changed)
            {
                Register(context, diagnostic, document, changed);
            }
            else if (await FixElsewhereAsync(document, node, context.CancellationToken).ConfigureAwait(false) is var (other, rewritten))
            {
                Register(context, diagnostic, other, rewritten);
            }
        }
    }

    /// <summary>The file with the fix; null where it doesn't apply.</summary>
    /// <param name="root">The file.</param>
    /// <param name="node">What the diagnostic squiggles.</param>
    private protected abstract SyntaxNode? Fix(SyntaxNode root, SyntaxNode node);

    /// <summary>Another file with the fix, where this one has nothing to change; null where it doesn't apply either.</summary>
    /// <param name="document">The file with the squiggle.</param>
    /// <param name="node">What the diagnostic squiggles.</param>
    /// <param name="cancellation">Cancels.</param>
    private protected virtual Task<(Document Document, SyntaxNode Root)?> FixElsewhereAsync(Document document, SyntaxNode node, CancellationToken cancellation) =>
        Task.FromResult<(Document, SyntaxNode)?>(null);

    private void Register(CodeFixContext context, Diagnostic diagnostic, Document document, SyntaxNode changed) => context.RegisterCodeFix(
        CodeAction.Create(_title, _ => Task.FromResult(document.Project.Solution.WithDocumentSyntaxRoot(document.Id, changed)), equivalenceKey: GetType().Name),
        diagnostic);
}
