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
            if (LocatedProblems.OfOther(type, context.Compilation, context.CancellationToken) is { } other)
            {
                Report(context, !other.IsOfRecipesAlone && (TermClasses.IsOffered(type) || NamedClasses.Of(context.Compilation).Contain(type)) ? other.OfTerms : [other.Stray]);
            }

            return;
        }

        var declaration = RecipeGatherer.Gather(type, attribute, context.Compilation, context.CancellationToken);
        Report(context, LocatedProblems.OfRecipe(type, declaration, context.Compilation, context.CancellationToken));
    }

    private static void Report(SymbolAnalysisContext context, IEnumerable<LocatedProblem> problems)
    {
        foreach (var problem in problems)
        {
            context.ReportDiagnostic(problem.ToDiagnostic());
        }
    }
}
