using System.Text;
using Jigsaw.Generators.Emission;
using Jigsaw.Generators.Gathering;
using Jigsaw.Planning;
using Jigsaw.Generators.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Jigsaw.Generators;

/// <summary>Writes the loss of each recipe into its partial type. What is wrong with a recipe, the analyzer reports; where no analyzers run, the generator reports the errors itself.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class RecipeGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var gathered = context.SyntaxProvider
            .ForAttributeWithMetadataName(KnownNames.LossRecipe, static (node, _) => node is TypeDeclarationSyntax, static (attributed, cancellation) => Gather(attributed, cancellation))
            .Where(static recipe => recipe is not null)
            .Select(static (recipe, _) => recipe!)
            .WithTrackingName(TrackingNames.Gathered);

        var reportsErrors = context.AnalyzerConfigOptionsProvider.Select(static (options, _) => ReportsErrors(options.GlobalOptions));

        var problems = gathered
            .SelectMany(static (recipe, _) => recipe.Errors)
            .Combine(reportsErrors)
            .Where(static pair => pair.Right)
            .Select(static (pair, _) => pair.Left)
            .WithTrackingName(TrackingNames.Problems);

        var named = gathered
            .SelectMany(static (recipe, _) => recipe.Classes)
            .Collect()
            .Select(static (names, _) => names.Distinct().OrderBy(name => name, StringComparer.Ordinal).ToEquatableArray())
            .WithTrackingName(TrackingNames.NamedClasses);

        var ofClasses = context.SyntaxProvider
            .CreateSyntaxProvider(static (node, _) => StrayTerms.AreWritten(node), static (syntax, cancellation) => GatherClass(syntax, cancellation))
            .Where(static type => type is not null)
            .Combine(named)
            .SelectMany(static (pair, _) => Problems(pair.Left!, pair.Right))
            .Combine(reportsErrors)
            .Where(static pair => pair.Right)
            .Select(static (pair, _) => pair.Left)
            .WithTrackingName(TrackingNames.Classes);

        var recipes = gathered
            .Where(static recipe => recipe.CanBeWritten)
            .Select(static (recipe, _) => recipe.Declaration)
            .WithTrackingName(TrackingNames.Recipes);

        var shared = recipes
            .Select(static (recipe, _) => recipe.MetadataName)
            .Collect()
            .Select(static (names, _) => HintName.Shared(names))
            .WithTrackingName(TrackingNames.HintNames);

        var files = recipes
            .Combine(shared)
            .Select(static (pair, _) => new GeneratedFile(HintName.Of(pair.Left, pair.Right), Write(pair.Left)))
            .WithTrackingName(TrackingNames.Files);

        context.RegisterSourceOutput(problems, static (output, problem) => output.ReportDiagnostic(problem.ToDiagnostic()));
        context.RegisterSourceOutput(ofClasses, static (output, problem) => output.ReportDiagnostic(problem.ToDiagnostic()));
        context.RegisterSourceOutput(files, static (output, file) => output.AddSource(file.HintName, SourceText.From(file.Source, Encoding.UTF8)));
    }

    /// <summary>True unless the build says that the analyzers run, which report every problem where it can be fixed.</summary>
    private static bool ReportsErrors(AnalyzerConfigOptions options)
    {
        if (!options.TryGetValue("build_property.RunAnalyzers", out var runs))
        {
            return true;
        }

        // As the compiler's own targets decide it: the property for builds counts only where the general one is not set.
        var decides = runs.Length > 0 || !options.TryGetValue("build_property.RunAnalyzersDuringBuild", out var duringBuild) ? runs : duringBuild;
        return string.Equals(decides.Trim(), "false", StringComparison.OrdinalIgnoreCase);
    }

    private static GatheredRecipe? Gather(GeneratorAttributeSyntaxContext context, CancellationToken cancellation)
    {
        if (context.TargetSymbol is not INamedTypeSymbol recipe || RecipeGatherer.FindRecipe(recipe) is not { } attribute)
        {
            return null;
        }

        // Where several parts have the attribute, which is an error of C#, the first one stands for all.
        if (attribute.ApplicationSyntaxReference is { } reference
            && (reference.SyntaxTree != context.TargetNode.SyntaxTree || !context.TargetNode.Span.Contains(reference.Span)))
        {
            return null;
        }

        var declaration = RecipeGatherer.Gather(recipe, attribute, context.SemanticModel.Compilation, cancellation);
        return new GatheredRecipe(
            declaration,
            Errors(LocatedProblems.OfRecipe(recipe, declaration, context.SemanticModel.Compilation, cancellation)),
            TermClasses.Of(recipe)
                .Select(shared => shared.Type)
                .OfType<INamedTypeSymbol>()
                .Where(type => SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, recipe.ContainingAssembly))
                .Select(RecipeGatherer.MetadataNameOf)
                .ToEquatableArray(),
            declaration.IsNamed && !ShapeRules.Check(declaration).Any());
    }

    private static GatheredClass? GatherClass(GeneratorSyntaxContext context, CancellationToken cancellation)
    {
        if (context.SemanticModel.GetDeclaredSymbol((TypeDeclarationSyntax)context.Node, cancellation) is not INamedTypeSymbol type
            || LocatedProblems.OfOther(type, context.SemanticModel.Compilation, cancellation) is not { } problems)
        {
            return null;
        }

        return new GatheredClass(
            RecipeGatherer.MetadataNameOf(type),
            problems.IsOfRecipesAlone ? null : TermClasses.IsOffered(type),
            IsHere(problems.Stray) ? ReportedProblem.At(problems.Stray) : null,
            Errors(problems.OfTerms.Where(IsHere)));

        bool IsHere(LocatedProblem problem) => problem.Location.SourceTree == context.Node.SyntaxTree && context.Node.Span.Contains(problem.Location.SourceSpan);
    }

    private static EquatableArray<ReportedProblem> Errors(IEnumerable<LocatedProblem> problems) =>
        problems.Where(located => Descriptors.IsError(located.Problem.Id)).Select(ReportedProblem.At).ToEquatableArray();

    private static EquatableArray<ReportedProblem> Problems(GatheredClass type, EquatableArray<string> named) =>
        type.IsShared is { } isOffered && (isOffered || named.Contains(type.MetadataName)) ? type.Errors
        : type.Stray is { } stray ? new[] { stray }.ToEquatableArray()
        : default;

    private static string Write(RecipeDeclaration declaration)
    {
        var plan = Planner.Plan(declaration.Recipe);
        var errors = RecipeRules.Errors(declaration.Recipe);
        return errors.Count == 0 ? RecipeEmitter.Emit(declaration, plan) : RecipeEmitter.EmitDeclarations(declaration, plan, errors);
    }
}
