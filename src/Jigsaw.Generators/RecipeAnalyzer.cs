using System.Collections.Immutable;
using Jigsaw.Generators.Gathering;
using Jigsaw.Generators.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Jigsaw.Generators;

/// <summary>Reports what is wrong with recipes: with their shape, their numbers, their meaning and their custom terms.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class RecipeAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [.. Descriptors.ById.Values.OrderBy(descriptor => descriptor.Id, StringComparer.Ordinal)];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze | GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.EnableConcurrentExecution();
        context.RegisterSymbolAction(AnalyzeType, SymbolKind.NamedType);
    }

    private static void AnalyzeType(SymbolAnalysisContext context)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        if (OwnCode.IsAllOf(type))
        {
            return;
        }

        if (RecipeGatherer.FindRecipe(type) is not { } attribute)
        {
            if (StrayTerms.First(type) is { } term)
            {
                context.ReportDiagnostic(Diagnostic.Create(Descriptors.TermWithoutRecipe, ProblemLocator.Name(term.Attribute, context.CancellationToken), type.Name));
            }

            return;
        }

        var declaration = RecipeGatherer.Gather(type, attribute, context.Compilation, context.CancellationToken);
        foreach (var problem in ShapeRules.Check(declaration).Concat(RecipeRules.Check(declaration.Recipe)))
        {
            foreach (var location in ProblemLocator.Find(type, problem.Location, context.CancellationToken))
            {
                context.ReportDiagnostic(Diagnostic.Create(Descriptors.ById[problem.Id], location, [.. problem.Arguments]));
            }
        }
    }
}
