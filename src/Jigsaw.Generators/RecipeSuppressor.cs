using System.Collections.Immutable;
using Jigsaw.Generators.Gathering;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Jigsaw.Generators;

/// <summary>Silences what the framework's analyzers say of a recipe's declaration as if its author had written the generated members: that it could be static, sealed or internal.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class RecipeSuppressor : DiagnosticSuppressor
{
    private const string Reason = "The type is a loss recipe, whose members are generated.";

    private static readonly ImmutableDictionary<string, SuppressionDescriptor> _byId = new[] { "CA1052", "CA1515", "CA1812", "CA1852" }
        .ToImmutableDictionary(id => id, id => new SuppressionDescriptor("JIGS" + id.Substring(2), id, Reason));

    /// <inheritdoc/>
    public override ImmutableArray<SuppressionDescriptor> SupportedSuppressions { get; } = [.. _byId.Values.OrderBy(descriptor => descriptor.Id, StringComparer.Ordinal)];

    /// <inheritdoc/>
    public override void ReportSuppressions(SuppressionAnalysisContext context)
    {
        foreach (var diagnostic in context.ReportedDiagnostics)
        {
            if (diagnostic.Location.SourceTree is { } tree
                && tree.GetRoot(context.CancellationToken).FindNode(diagnostic.Location.SourceSpan) is TypeDeclarationSyntax declaration
                && context.GetSemanticModel(tree).GetDeclaredSymbol(declaration, context.CancellationToken) is INamedTypeSymbol type
                && RecipeGatherer.FindRecipe(type) is not null)
            {
                context.ReportSuppression(Suppression.Create(_byId[diagnostic.Id], diagnostic));
            }
        }
    }
}
