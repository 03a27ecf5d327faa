using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jigsaw.CodeFixes;

/// <summary>A fix that changes the syntax of one file.</summary>
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

    /// <inheritdoc/>
    public sealed override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public sealed override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        if (root is null)
        {
            return;
        }

        foreach (var diagnostic in context.Diagnostics)
        {
            var node = root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true);
            if (Fix(root, node) is { } changed)
            {
                context.RegisterCodeFix(
                    CodeAction.Create(_title, _ => Task.FromResult(context.Document.WithSyntaxRoot(changed)), equivalenceKey: GetType().Name),
                    diagnostic);
            }
        }
    }

    /// <summary>The file with the fix; null where it doesn't apply.</summary>
    /// <param name="root">The file.</param>
    /// <param name="node">What the diagnostic squiggles.</param>
    private protected abstract SyntaxNode? Fix(SyntaxNode root, SyntaxNode node);
}
