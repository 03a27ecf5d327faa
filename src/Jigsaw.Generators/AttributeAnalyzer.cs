using System.Collections.Immutable;
using Jigsaw.Generators.Gathering;
using Jigsaw.Generators.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Jigsaw.Generators;

/// <summary>Reports what only the text of an attribute shows: a division of whole numbers that gives 0, and a term on something that is not a method of a type.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class AttributeAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Descriptors.IntegerDivision, Descriptors.UnfitMethod];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze | GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.EnableConcurrentExecution();
        context.RegisterSyntaxNodeAction(AnalyzeDivision, SyntaxKind.DivideExpression);
        context.RegisterSyntaxNodeAction(AnalyzeFunction, SyntaxKind.LocalFunctionStatement, SyntaxKind.ParenthesizedLambdaExpression);
    }

    private static void AnalyzeDivision(SyntaxNodeAnalysisContext context)
    {
        var division = (BinaryExpressionSyntax)context.Node;
        if (division.FirstAncestorOrSelf<AttributeArgumentSyntax>() is not { Parent.Parent: AttributeSyntax attribute } argument
            || !IsZero(context.SemanticModel.GetConstantValue(division, context.CancellationToken))
            || IsZero(context.SemanticModel.GetConstantValue(division.Left, context.CancellationToken))
            || context.SemanticModel.GetTypeInfo(argument.Expression, context.CancellationToken).ConvertedType?.SpecialType != SpecialType.System_Double
            || context.SemanticModel.GetSymbolInfo(attribute, context.CancellationToken).Symbol?.ContainingType is not { } attributeClass
            || !(attributeClass.IsBuiltInTerm() || attributeClass.IsOfDsl(KnownNames.LossTerm) || attributeClass.IsOfDsl(KnownNames.LossRecipeClass)))
        {
            return;
        }

        context.ReportDiagnostic(Diagnostic.Create(Descriptors.IntegerDivision, division.GetLocation(), division.ToString(), WithDouble(division).ToString()));
    }

    /// <summary>The division with a divisor that is a double.</summary>
    internal static BinaryExpressionSyntax WithDouble(BinaryExpressionSyntax division)
    {
        var right = division.Right.WithoutTrivia();
        var text = right is LiteralExpressionSyntax { Token.Value: int } ? right + ".0" : $"(double){right}";
        return division.WithRight(SyntaxFactory.ParseExpression(text).WithTriviaFrom(division.Right));
    }

    private static void AnalyzeFunction(SyntaxNodeAnalysisContext context)
    {
        var lists = context.Node switch
        {
            LocalFunctionStatementSyntax function => function.AttributeLists,
            ParenthesizedLambdaExpressionSyntax lambda => lambda.AttributeLists,
            _ => default,
        };
        foreach (var attribute in lists.SelectMany(list => list.Attributes))
        {
            if (context.SemanticModel.GetSymbolInfo(attribute, context.CancellationToken).Symbol?.ContainingType is { } attributeClass && attributeClass.IsOfDsl(KnownNames.LossTerm))
            {
                var (name, location) = context.Node is LocalFunctionStatementSyntax function
                    ? (function.Identifier.ValueText, function.Identifier.GetLocation())
                    : ("The lambda", attribute.Name.GetLocation());
                context.ReportDiagnostic(Diagnostic.Create(Descriptors.UnfitMethod, location, name, "is not a method of a recipe; declare it as one"));
            }
        }
    }

    private static bool IsZero(Optional<object?> constant) => constant is { HasValue: true, Value: 0 or 0L };
}
