using Jigsaw.CompilerServices;
using Microsoft.CodeAnalysis.CSharp;

namespace Jigsaw.Generators.Emission;

/// <summary>Writes values as C#, the same under every culture.</summary>
internal static class Literal
{
    /// <summary>A literal that is a double whatever its value.</summary>
    public static string Of(double value)
    {
        if (double.IsNaN(value) || double.IsInfinity(value))
        {
            return "double." + (double.IsNaN(value) ? "NaN" : value > 0 ? "PositiveInfinity" : "NegativeInfinity");
        }

        var text = NumberText.Of(value);
        return text.IndexOfAny(['.', 'E']) >= 0 ? text : text + ".0";
    }

    /// <summary>A literal of a whole number.</summary>
    public static string OfInteger(double value) => NumberText.Of(value);

    /// <summary>A literal of a text.</summary>
    public static string Of(string text) => SymbolDisplay.FormatLiteral(text, quote: true);
}
