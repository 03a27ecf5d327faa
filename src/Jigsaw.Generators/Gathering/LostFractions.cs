using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.Generators.Gathering;

/// <summary>Finds where the arithmetic of a constant drops a fraction: in the expression, and in the constants that it names.</summary>
internal sealed class LostFractions
{
    private readonly Compilation _compilation;
    private readonly CancellationToken _cancellation;
    private readonly Dictionary<SyntaxTree, SemanticModel> _models = [];
    private readonly HashSet<ISymbol> _seen = new(SymbolEqualityComparer.Default);

    /// <param name="model">The semantic model of the file that is searched.</param>
    public LostFractions(SemanticModel model, CancellationToken cancellation)
    {
        _compilation = model.Compilation;
        _cancellation = cancellation;
        _models.Add(model.SyntaxTree, model);
    }

    /// <summary>True if an expression computes: it is more than a literal or a name, with or without a sign, a cast or parentheses.</summary>
    public static bool IsArithmetic(ExpressionSyntax expression) => expression.DescendantNodesAndSelf().Any(node => node is BinaryExpressionSyntax);

    /// <summary>The divisions of whole numbers and the casts to one whose result is not exact.</summary>
    /// <param name="expression">An expression of a constant value.</param>
    public IEnumerable<LostFraction> In(ExpressionSyntax expression) => In(expression, null);

    private IEnumerable<LostFraction> In(ExpressionSyntax expression, IFieldSymbol? constant)
    {
        _cancellation.ThrowIfCancellationRequested();
        var model = ModelOf(expression.SyntaxTree);
        foreach (var node in expression.DescendantNodesAndSelf(node => node is not InvocationExpressionSyntax))
        {
            switch (node)
            {
                case BinaryExpressionSyntax division when division.IsKind(SyntaxKind.DivideExpression) && IsInexact(model, division) is { } quotient:
                    yield return new LostFraction(division, constant, quotient);
                    break;
                case CastExpressionSyntax cast when Truncated(model, cast) is { } whole:
                    yield return new LostFraction(cast, constant, whole);
                    break;
                case SimpleNameSyntax name when model.GetSymbolInfo(name, _cancellation).Symbol is IFieldSymbol { IsConst: true } field && _seen.Add(field):
                    foreach (var lost in InInitializer(field))
                    {
                        yield return lost;
                    }

                    break;
                default:
                    break;
            }
        }
    }

    private IEnumerable<LostFraction> InInitializer(IFieldSymbol field) =>
        field.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(_cancellation) switch
        {
            VariableDeclaratorSyntax { Initializer.Value: { } value } => In(value, field),
            EnumMemberDeclarationSyntax { EqualsValue.Value: { } value } => In(value, field),
            _ => [],
        };

    /// <summary>What a division of whole numbers gives where that is not exact; null where it is, and of other divisions.</summary>
    private string? IsInexact(SemanticModel model, BinaryExpressionSyntax division) =>
        IsWhole(model.GetTypeInfo(division, _cancellation).Type)
        && Value(model, division.Left) is { } left && Value(model, division.Right) is { } right && right != 0 && left % right != 0
            ? decimal.Truncate(left / right).ToString(CultureInfo.InvariantCulture)
            : null;

    private string? Truncated(SemanticModel model, CastExpressionSyntax cast) =>
        IsWhole(model.GetTypeInfo(cast, _cancellation).Type)
        && model.GetConstantValue(cast.Expression, _cancellation) is { HasValue: true, Value: double or float or decimal } before
        && model.GetConstantValue(cast, _cancellation) is { HasValue: true, Value: { } after }
        && Convert.ToDouble(before.Value, CultureInfo.InvariantCulture) is var exact && !double.IsNaN(exact) && Math.Truncate(exact) != exact
            ? Convert.ToString(after, CultureInfo.InvariantCulture)
            : null;

    private static bool IsWhole(ITypeSymbol? type) => type?.SpecialType is SpecialType.System_SByte or SpecialType.System_Byte or SpecialType.System_Int16 or SpecialType.System_UInt16
        or SpecialType.System_Int32 or SpecialType.System_UInt32 or SpecialType.System_Int64 or SpecialType.System_UInt64 or SpecialType.System_IntPtr or SpecialType.System_UIntPtr or SpecialType.System_Char;

    private decimal? Value(SemanticModel model, ExpressionSyntax expression) => model.GetConstantValue(expression, _cancellation) switch
    {
        { HasValue: true, Value: char value } => value,
        { HasValue: true, Value: sbyte or byte or short or ushort or int or uint or long or ulong } constant => Convert.ToDecimal(constant.Value, CultureInfo.InvariantCulture),
        _ => null,
    };

    // A constant may stand in another file than the recipe that names it.
#pragma warning disable RS1030
    private SemanticModel ModelOf(SyntaxTree tree) => _models.TryGetValue(tree, out var model) ? model : _models[tree] = _compilation.GetSemanticModel(tree);
#pragma warning restore RS1030
}
