using System.ComponentModel;
using System.Globalization;

namespace Jigsaw.CompilerServices;

/// <summary>Writes numbers the same under every culture.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class NumberText
{
    /// <summary>The shortest text that reads back as the value; <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c> spelled out.</summary>
    public static string Of(double value)
    {
        if (double.IsNaN(value) || double.IsInfinity(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
        }

        var text = value.ToString("G15", CultureInfo.InvariantCulture);
        return double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture).Equals(value)
            ? text
            : value.ToString("G17", CultureInfo.InvariantCulture);
    }
}
