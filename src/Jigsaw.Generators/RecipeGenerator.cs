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

        var stray = context.SyntaxProvider
            .CreateSyntaxProvider(static (node, _) => StrayTerms.AreWritten(node), static (syntax, cancellation) => GatherStray(syntax, cancellation))
            .Where(static problem => problem is not null)
            .Combine(reportsErrors)
            .Where(static pair => pair.Right)
            .Select(static (pair, _) => pair.Left!)
            .WithTrackingName(TrackingNames.Stray);

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
        context.RegisterSourceOutput(stray, static (output, problem) => output.ReportDiagnostic(problem.ToDiagnostic()));
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
        var errors = new List<ReportedProblem>();
        var hasShape = declaration.IsNamed;
        foreach (var problem in ShapeRules.Check(declaration))
        {
            hasShape = false;
            Locate(problem);
        }

        foreach (var problem in RecipeRules.Check(declaration.Recipe).Where(problem => Descriptors.IsError(problem.Id)))
        {
            Locate(problem);
        }

        return new GatheredRecipe(declaration, errors.ToEquatableArray(), hasShape);

        void Locate(Problem problem)
        {
            foreach (var location in ProblemLocator.Find(recipe, problem.Location, cancellation))
            {
                errors.Add(ReportedProblem.At(location, problem.Id, problem.Arguments));
            }
        }
    }

    private static ReportedProblem? GatherStray(GeneratorSyntaxContext context, CancellationToken cancellation) =>
        context.SemanticModel.GetDeclaredSymbol((TypeDeclarationSyntax)context.Node, cancellation) is INamedTypeSymbol type
        && StrayTerms.First(type) is { } term
        && term.Attribute.ApplicationSyntaxReference is { } reference
        && reference.SyntaxTree == context.Node.SyntaxTree
        && context.Node.Span.Contains(reference.Span)
            ? ReportedProblem.At(ProblemLocator.Name(term.Attribute, cancellation), "JIG0002", new[] { type.Name }.ToEquatableArray())
            : null;

    private static string Write(RecipeDeclaration declaration)
    {
        var plan = Planner.Plan(declaration.Recipe);
        var errors = RecipeRules.Errors(declaration.Recipe);
        return errors.Count == 0 ? RecipeEmitter.Emit(declaration, plan) : RecipeEmitter.EmitDeclarations(declaration, plan, errors);
    }
}
