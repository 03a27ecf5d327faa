using System.ComponentModel;

namespace Jigsaw.CompilerServices;

/// <summary>The numeric rules of recipes, called by the compiler on attributes and by the run-time records on values, with the same words.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class NumericRules
{
    /// <summary>True if a value is what the rule asks for.</summary>
    public static bool IsMet(NumericRule rule, double value) => rule switch
    {
        NumericRule.Weight => IsFinite(value) && value >= 0,
        NumericRule.Positive => IsFinite(value) && value > 0,
        NumericRule.Fraction => value >= 0 && value <= 1,
        NumericRule.Index => value >= 0 && IsWhole(value),
        NumericRule.Count => value >= 1 && IsWhole(value),
        _ => true,
    };

    /// <summary>What to write instead.</summary>
    public static string Remedy(NumericRule rule) => rule switch
    {
        NumericRule.Weight => "use a finite number that is at least 0",
        NumericRule.Positive => "use a finite number that is greater than 0",
        NumericRule.Fraction => "use a number from 0 to 1",
        NumericRule.Index => "use a whole number that is at least 0",
        NumericRule.Count => "use a whole number that is at least 1",
        _ => "any value goes",
    };

    /// <summary>Value, rule and remedy in one sentence; null where the rule is met.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="subject">What has the value, as the sentence's subject.</param>
    /// <param name="value">The value.</param>
    public static string? Problem(NumericRule rule, string subject, double value) =>
        IsMet(rule, value) ? null : $"{subject} is {NumberText.Of(value)}; {Remedy(rule)}";

    /// <summary>A weight's problem, which also tells which way the term pulls where the weight is negative; null where the rule is met.</summary>
    /// <param name="subject">What has the value, as the sentence's subject.</param>
    /// <param name="value">The value.</param>
    /// <param name="pull">Which way training pulls the term already.</param>
    public static string? WeightProblem(string subject, double value, TermPull pull)
    {
        if (IsMet(NumericRule.Weight, value))
        {
            return null;
        }

        var way = pull == TermPull.Maximized ? "it is subtracted from the loss already, which makes the term's value larger" : "it is added to the loss, which makes the term's value smaller";
        return value < 0 && IsFinite(value)
            ? $"{subject} is {NumberText.Of(value)}, but {way}; {Remedy(NumericRule.Weight)}"
            : Problem(NumericRule.Weight, subject, value);
    }

    /// <summary>True if a value that is fine as a double becomes 0 or infinite in float32.</summary>
    public static bool IsLostInSingle(double value) => IsFinite(value) && value != 0 && ((float)value == 0 || float.IsInfinity((float)value));

    private static bool IsFinite(double value) => !double.IsNaN(value) && !double.IsInfinity(value);

    private static bool IsWhole(double value) => IsFinite(value) && Math.Floor(value) == value;
}
