using System.Collections.Immutable;
using System.Globalization;
using Jigsaw.Generators.Gathering;
using Jigsaw.Generators.Rules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Jigsaw.Generators;

/// <summary>Reports what only the text of an attribute shows: arithmetic that drops a fraction, and a term on something that is not a method of a type.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class AttributeAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Descriptors.IntegerDivision, Descriptors.ComputedZero, Descriptors.UnfitMethod];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze | GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.EnableConcurrentExecution();
        context.RegisterSyntaxNodeAction(AnalyzeArgument, SyntaxKind.AttributeArgument);
        context.RegisterSyntaxNodeAction(AnalyzeFunction, SyntaxKind.LocalFunctionStatement, SyntaxKind.ParenthesizedLambdaExpression);
    }

    private static void AnalyzeArgument(SyntaxNodeAnalysisContext context)
    {
        var argument = (AttributeArgumentSyntax)context.Node;
        if (argument.Expression is LiteralExpressionSyntax
            || argument.Parent?.Parent is not AttributeSyntax attribute
            || context.SemanticModel.GetSymbolInfo(attribute, context.CancellationToken).Symbol?.ContainingType is not { } attributeClass
            || !(attributeClass.IsBuiltInTerm() || attributeClass.IsOfDsl(KnownNames.LossTerm) || attributeClass.IsOfDsl(KnownNames.LossRecipeClass)))
        {
            return;
        }

        var isFraction = context.SemanticModel.GetTypeInfo(argument.Expression, context.CancellationToken).ConvertedType?.SpecialType == SpecialType.System_Double;
        var isExact = true;
        foreach (var lost in new LostFractions(context.SemanticModel, context.CancellationToken).In(argument.Expression))
        {
            // Who casts a number of steps to an int means it.
            if (lost.Expression is BinaryExpressionSyntax || isFraction)
            {
                isExact = false;
                Report(context, argument.Expression, lost);
            }
        }

        if (isExact && isFraction && argument.NameEquals is null && LostFractions.IsArithmetic(argument.Expression)
            && context.SemanticModel.GetConstantValue(argument.Expression, context.CancellationToken) is { HasValue: true, Value: { } value }
            && Convert.ToDouble(value, CultureInfo.InvariantCulture) == 0)
        {
            context.ReportDiagnostic(Diagnostic.Create(Descriptors.ComputedZero, argument.Expression.GetLocation(), argument.Expression.ToString()));
        }
    }

    private static void Report(SyntaxNodeAnalysisContext context, ExpressionSyntax argument, LostFraction lost)
    {
        var (kind, right) = lost.Expression is BinaryExpressionSyntax division
            ? ("a division of whole numbers", WithDouble(division).ToString())
            : ("a cast to a whole number", ((CastExpressionSyntax)lost.Expression).Expression.ToString());
        var said = lost.Constant is { } constant ? $"'{constant.Name}' is made with '{lost.Expression}', {kind}" : $"'{lost.Expression}' is {kind}";
        context.ReportDiagnostic(Diagnostic.Create(
            Descriptors.IntegerDivision,
            (lost.Constant is null ? lost.Expression : argument).GetLocation(),
            additionalLocations: [lost.Expression.GetLocation()],
            messageArgs: [said, lost.Result, right]));
    }

    /// <summary>The division with a divisor that is a double.</summary>
    internal static BinaryExpressionSyntax WithDouble(BinaryExpressionSyntax division)
    {
        var right = division.Right.WithoutTrivia();
        var text = right is LiteralExpressionSyntax literal && literal.Token.Text.TrimEnd('u', 'U', 'l', 'L') is var digits && digits.All(c => c is >= '0' and <= '9')
            ? digits + ".0"
            : $"(double){right}";
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
}
