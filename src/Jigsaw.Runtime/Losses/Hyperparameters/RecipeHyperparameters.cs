using Jigsaw.CompilerServices;

namespace Jigsaw.Losses.Hyperparameters;

/// <summary>The numbers that a recipe was built with, and its structure, under the original API's parameter names.</summary>
public abstract record RecipeHyperparameters
{
    /// <summary>Numbers and structure by the original's names; null where the recipe has none.</summary>
    public abstract IReadOnlyDictionary<string, object?> ToDictionary();

    /// <summary>The value, where it follows its rule.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">What has it.</param>
    /// <param name="rule">Its rule.</param>
    /// <exception cref="ArgumentException">It doesn't follow its rule: the message gives value, rule and way out.</exception>
    protected static double Checked(double value, string name, NumericRule rule) =>
        NumericRules.Problem(rule, name, value) is { } problem ? throw new ArgumentException(problem, name) : value;

    /// <summary>The value, where it follows its rule.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">What has it.</param>
    /// <param name="rule">Its rule.</param>
    /// <exception cref="ArgumentException">It doesn't follow its rule: the message gives value, rule and way out.</exception>
    protected static int Checked(int value, string name, NumericRule rule) =>
        NumericRules.Problem(rule, name, value) is { } problem ? throw new ArgumentException(problem, name) : value;

    /// <summary>The weight, where it is finite and at least 0.</summary>
    /// <param name="value">The weight.</param>
    /// <param name="name">What has it.</param>
    /// <param name="pull">Which way training pulls its term.</param>
    /// <exception cref="ArgumentException">It is not: the message gives value, rule and way out.</exception>
    protected static double Checked(double value, string name, TermPull pull) =>
        NumericRules.WeightProblem(name, value, pull) is { } problem ? throw new ArgumentException(problem, name) : value;
}
