using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jigsaw.Generators.Gathering;

/// <summary>Arithmetic that drops a fraction.</summary>
/// <param name="Expression">A division of whole numbers, or a cast to a whole number.</param>
/// <param name="Constant">The constant in whose declaration it stands; null where it stands in the argument itself.</param>
/// <param name="Result">What it gives.</param>
internal readonly record struct LostFraction(ExpressionSyntax Expression, IFieldSymbol? Constant, string Result);
