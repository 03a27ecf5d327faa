using System.Collections.Immutable;
using Jigsaw.Generators.Gathering;
using Jigsaw.Generators.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Jigsaw.Generators;

/// <summary>Reports what is wrong with the numbers, the meaning and the custom terms of recipes. What is wrong with a recipe's shape, the generator reports.</summary>
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
        if (RecipeGatherer.FindRecipe(type) is not { } attribute)
        {
            AnalyzeStray(context, type);
            return;
        }

        var declaration = RecipeGatherer.Gather(type, attribute, context.Compilation, context.CancellationToken);
        foreach (var problem in RecipeRules.Check(declaration.Recipe))
        {
            foreach (var location in ProblemLocator.Find(type, problem.Location, context.CancellationToken))
            {
                context.ReportDiagnostic(Diagnostic.Create(Descriptors.ById[problem.Id], location, [.. problem.Arguments]));
            }
        }
    }

    /// <summary>The generator reports stray terms that it knows by their text; behind aliases they are found here.</summary>
    private static void AnalyzeStray(SymbolAnalysisContext context, INamedTypeSymbol type)
    {
        if (StrayTerms.First(type) is { } term && !type.DeclaringSyntaxReferences.Any(reference => StrayTerms.AreWritten(reference.GetSyntax(context.CancellationToken))))
        {
            context.ReportDiagnostic(Diagnostic.Create(Descriptors.TermWithoutRecipe, ProblemLocator.Name(term.Attribute, context.CancellationToken), type.Name));
        }
    }
}
